import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";
import { hashArcade } from "./arcade.ts";
import { hashAtari7800 } from "./atari-7800.ts";
import { ARCADE, ON_DEMAND_CONSOLES, WHOLE_FILE_CONSOLES } from "./consoles.ts";
import { hashLynx } from "./lynx.ts";
import { hashNes } from "./nes.ts";
import { hashNintendo64 } from "./nintendo-64.ts";
import { hashNintendoDs } from "./nintendo-ds.ts";
import { hashPcEngine } from "./pc-engine.ts";
import { hashSnes } from "./snes.ts";
import { hashSuperCassetteVision } from "./super-cassette-vision.ts";
import { hashWholeFile } from "./whole-file.ts";

/** The rule of each console that has one, by its RetroAchievements id. */
export const raRules: ReadonlyMap<number, RaRule> = new Map<number, RaRule>([
  ...WHOLE_FILE_CONSOLES.map((id) => [id, hashWholeFile] as const),
  [2, hashNintendo64],
  [3, hashSnes],
  [7, hashNes],
  [8, hashPcEngine],
  [13, hashLynx],
  [18, hashNintendoDs],
  [ARCADE, hashArcade],
  [51, hashAtari7800],
  [55, hashSuperCassetteVision],
  [78, hashNintendoDs],
  [81, hashNes],
  ...ON_DEMAND_CONSOLES.map((id) => [id, loadedRule(id)] as const),
]);

/** Gives a rule that is loaded when it is first needed: it is large, and most callers never meet its console. */
function loadedRule(consoleId: number): RaRule {
  return async (target, context) => {
    const { onDemandRules } = await import("./on-demand.ts");
    const rule = onDemandRules.get(consoleId) ?? refuse("no_rule", `console ${consoleId} has no rule`);
    await rule(target, context);
  };
}
