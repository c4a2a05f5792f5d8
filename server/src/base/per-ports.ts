import type { Ports } from "./context.ts";

/**
 * Ties state of one process (caches, throttles) to its ports instead of to the module, because tests run
 * several apps side by side in one process.
 * @returns A function that gives the same state for the same ports, made on first use.
 */
export function perPorts<T>(make: (ports: Ports) => T): (ports: Ports) => T {
  const made = new WeakMap<Ports, T>();
  return (ports) => {
    const known = made.get(ports);
    if (known !== undefined) return known;
    const fresh = make(ports);
    made.set(ports, fresh);
    return fresh;
  };
}
