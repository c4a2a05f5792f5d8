import type { Context, Ports } from "../../base/context.ts";
import { perPorts } from "../../base/per-ports.ts";

type Scene = Pick<Context, "ports">;

const listenersOf = perPorts(() => new Set<() => void>());

/**
 * Calls `forget` in this process whenever permissions changed here. What other processes change is noticed when
 * memories expire.
 * @param forget Drops what was remembered; for as long as the ports live.
 */
export function onAccessChange(ports: Ports, forget: () => void): void {
  listenersOf(ports).add(forget);
}

/**
 * Says that somebody's role, group, grants or hidden entities changed: this process forgets all it remembers of
 * them. Called after the commit, or what is read anew may still be the old.
 */
export function noteAccessChange(ctx: Scene): void {
  for (const forget of listenersOf(ctx.ports)) forget();
}
