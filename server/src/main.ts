import { runServe } from "./cli/serve.ts";

process.exit(await runServe(process.env));
