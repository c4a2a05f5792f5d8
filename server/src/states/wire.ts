import { readContentWish, readDevice, readDraft, readFilter, toVersionWire } from "../assets/shown/wire.ts";
import type { State } from "./contract.ts";

export { readContentWish, readDevice, readDraft, readFilter };

/** The compatible state schema, and what our slots add to it. */
export function toStateWire(state: State) {
  return toVersionWire(state, "states");
}
