/** Runs a helper program to its end, with its output kept for messages. */
import { spawn } from "node:child_process";
import { DbError } from "../errors.ts";
import { PROGRAM_OUTPUT_BYTES_MAX } from "./limits.ts";

export interface ProgramResult {
  /** Null when the program could not be started, was ended by a signal or took too long. */
  exitCode: number | null;
  /** Standard output and error, interleaved, trimmed and cut to a bounded length. */
  output: string;
}

export interface ProgramOptions {
  environment: Record<string, string>;
  timeoutMs: number;
  folder?: string | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
}

/** What the program answered. Never throws for a program that fails: the caller judges the exit code. */
export function runProgram(command: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const [program, ...parameters] = command;
  if (program === undefined)
    throw new DbError("E_PG_START", "an empty command was to be run: report this as a bug.");
  return new Promise((resolve) => {
    let output = "";
    const collect = (chunk: Buffer) => {
      if (output.length < PROGRAM_OUTPUT_BYTES_MAX) output += chunk.toString("utf8");
    };
    const child = spawn(program, parameters, {
      stdio: ["ignore", "pipe", "pipe"],
      env: options.environment,
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs);
    const finish = (exitCode: number | null) => {
      clearTimeout(timer);
      resolve({ exitCode, output: output.slice(0, PROGRAM_OUTPUT_BYTES_MAX).trim() });
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.on("error", (error) => {
      output += error.message;
      finish(null);
    });
    child.on("close", finish);
  });
}
