export { DONE, Machine, STARTED, STARTING, STOPPED, UNSTARTED } from './machine.ts'
export { insidesOf } from './inside.ts'
export { alreadyStopped, deadlock, notStarted } from './refusals.ts'
