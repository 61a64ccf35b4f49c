import { runConformance } from './run-conformance.ts'

process.exitCode = await runConformance(process.argv.slice(2), {
  // npm changes the folder before it runs a script, and says where it was called
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
})
