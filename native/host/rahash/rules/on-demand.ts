import type { RaRule } from "../target.ts";
import { hashArduboy } from "./arduboy.ts";
import { hashDreamcast } from "./dreamcast.ts";
import { hashGameCube } from "./gamecube.ts";
import { hashJaguarCd } from "./jaguar-cd.ts";
import { hashMsDos } from "./ms-dos.ts";
import { hashNeoGeoCd } from "./neo-geo-cd.ts";
import { hashPcEngineCd } from "./pc-engine-cd.ts";
import { hashPcFx } from "./pc-fx.ts";
import { hashPlayStation, hashPlayStation2 } from "./playstation.ts";
import { hashPsp } from "./psp.ts";
import { hashSegaCd } from "./sega-cd.ts";
import { hashThreeDo } from "./three-do.ts";
import { hashWii } from "./wii.ts";

/** The rules that read discs and archives; they are loaded together. */
export const onDemandRules: ReadonlyMap<number, RaRule> = new Map<number, RaRule>([
  [9, hashSegaCd],
  [12, hashPlayStation],
  [16, hashGameCube],
  [19, hashWii],
  [21, hashPlayStation2],
  [26, hashMsDos],
  [39, hashSegaCd],
  [40, hashDreamcast],
  [41, hashPsp],
  [43, hashThreeDo],
  [49, hashPcFx],
  [56, hashNeoGeoCd],
  [62, async (target, context) => (await import("./nintendo-3ds.ts")).hashNintendo3ds(target, context)],
  [71, hashArduboy],
  [76, hashPcEngineCd],
  [77, hashJaguarCd],
]);
