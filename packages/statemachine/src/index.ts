export { createStateMachine } from './state-machine.ts'
export type { Guards, StateMachine, StateMachineOptions } from './state-machine.ts'
