import type { AnyProvider } from "../contract.ts";
import { gamelistProvider } from "./gamelist.ts";

/** Every provider there is, in the order in which they are asked. */
export const PROVIDERS: readonly AnyProvider[] = [gamelistProvider];
