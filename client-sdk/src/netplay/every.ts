import type { Environment } from "../environment.ts";

/** Calls `run` over and over; returns how to stop. */
export function every(environment: Environment, periodMs: number, run: () => void): () => void {
  let hasStopped = false;
  let stop = (): void => undefined;
  const next = () => {
    stop = environment.startTimer(() => {
      run();
      if (!hasStopped) next();
    }, periodMs);
  };
  next();
  return () => {
    hasStopped = true;
    stop();
  };
}
