#!/usr/bin/env bun
import { COMMANDS } from "./commands.ts";
import { runCommandLine } from "./run.ts";
import { createSurroundings } from "./surroundings.ts";

/** Bun sends even loopback calls through HTTP_PROXY; the server on this machine is never behind one. */
const OWN_ADDRESSES = "localhost,127.0.0.1,::1";

const exceptions = process.env.NO_PROXY ?? process.env.no_proxy ?? "";
process.env.NO_PROXY = exceptions === "" ? OWN_ADDRESSES : `${exceptions},${OWN_ADDRESSES}`;
const surroundings = createSurroundings(process);
const exitCode = await runCommandLine({ argv: process.argv.slice(2), commands: COMMANDS, surroundings });
process.exit(exitCode);
