import { describe, expect, test } from "bun:test";
import { CliError } from "./errors.ts";
import { listenForSignals } from "./interruption.ts";

type Name = "SIGINT" | "SIGTERM" | "SIGHUP";

/** A process that only notes what is asked of it. */
function createSource() {
  const listeners = new Map<Name, () => void>();
  const exits: number[] = [];
  return {
    exits,
    listeners,
    send: (name: Name) => listeners.get(name)?.(),
    on: (name: Name, listener: () => void) => listeners.set(name, listener),
    off: (name: Name) => listeners.delete(name),
    exit: (code: number) => void exits.push(code),
  };
}

const exitCodeOf = (signal: AbortSignal) =>
  signal.reason instanceof CliError ? signal.reason.exitCode : undefined;

describe("listenForSignals", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as [Name, number][])("asks the command to leave on %s", (name, exitCode) => {
    const source = createSource();
    const { signal, close } = listenForSignals(source);
    source.send(name);
    expect([signal.aborted, exitCodeOf(signal), source.exits]).toEqual([true, exitCode, []]);
    close();
  });

  test("ends the process at the second signal", () => {
    const source = createSource();
    const { close } = listenForSignals(source);
    source.send("SIGTERM");
    source.send("SIGINT");
    expect(source.exits).toEqual([130]);
    close();
  });

  test("gives the first Ctrl-C to the command, and the second one leaves", () => {
    const source = createSource();
    const interruption = listenForSignals(source);
    let heard = 0;
    interruption.onFirst(() => {
      heard += 1;
    });
    source.send("SIGINT");
    expect([heard, interruption.signal.aborted]).toEqual([1, false]);
    source.send("SIGINT");
    expect([heard, interruption.signal.aborted, source.exits]).toEqual([1, true, []]);
    interruption.close();
  });

  test("leaves at once on SIGTERM, and when the command wants Ctrl-C no longer", () => {
    const source = createSource();
    const interruption = listenForSignals(source);
    const forget = interruption.onFirst(() => expect.unreachable());
    forget();
    source.send("SIGINT");
    expect(interruption.signal.aborted).toBe(true);
    interruption.close();
    expect(source.listeners.size).toBe(0);
  });
});
