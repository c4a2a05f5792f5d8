import { cartridgeCases, wholeFileCases } from "./cartridge-cases.ts";
import type { RaCase } from "./case.ts";
import { detectCases } from "./detect-cases.ts";
import { discCases } from "./disc-cases.ts";
import { nintendoCases } from "./nintendo-cases.ts";
import { playStationCases } from "./playstation-cases.ts";

/** Gives all inputs whose answers are in `ra-vectors.json`. */
export const listCases = (): RaCase[] => [
  ...wholeFileCases(),
  ...cartridgeCases(),
  ...nintendoCases(),
  ...playStationCases(),
  ...discCases(),
  ...detectCases(),
];
