/** What the suite needs beside its bundle where the builders run: `dist/ra-inputs.js`, for Node, Deno and Bun. */
import { listCases } from "./ra/cases.ts";
import { inputsOfCases, type RaInputs } from "./ra-vectors.ts";

/** Gives the inputs of the RetroAchievements vectors, made here. */
export const createRaInputs = (): RaInputs => inputsOfCases(listCases());
