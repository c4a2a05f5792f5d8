import { readFileSync } from "node:fs";
import { StartError } from "./config-errors.ts";
import { VARIABLES, type Variable, type VariableName } from "./variables.ts";

/** Texts of the variables that are set, after `_FILE` variants were read. */
export type Environment = Readonly<Partial<Record<VariableName, string>>>;

/** The raw process environment, or a test's own. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/** Bytes of a secret file; more is a wrong path. */
const SECRET_FILE_BYTES_MAX = 64 * 1024;

/**
 * Reads all known variables and checks each by its kind.
 * @throws StartError `E_CONFIG` naming the variable, its value and what is accepted.
 */
export function readEnvironment(raw: RawEnvironment): Environment {
  const found: Partial<Record<VariableName, string>> = {};
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const text = readOne(name, raw);
    if (text === null) continue;
    checkText(name, VARIABLES[name], text);
    found[name] = text;
  }
  return found;
}

function readOne(name: VariableName, raw: RawEnvironment): string | null {
  const direct = raw[name] ?? "";
  const file = raw[`${name}_FILE`] ?? "";
  if (direct !== "" && file !== "") {
    throw new StartError("E_CONFIG", `both ${name} and ${name}_FILE are set. Remove one of them.`);
  }
  if (file !== "") return readSecretFile(name, file);
  return direct === "" ? null : direct;
}

function readSecretFile(name: VariableName, path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.byteLength > SECRET_FILE_BYTES_MAX) {
      throw new StartError("E_CONFIG", `${name}_FILE ${path}: larger than ${SECRET_FILE_BYTES_MAX} bytes.`);
    }
    return bytes.toString("utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError(
      "E_CONFIG",
      `${name}_FILE ${path}: ${describe(cause)} for uid ${process.getuid?.() ?? "?"}.`,
      {
        cause,
      },
    );
  }
}

function describe(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ENOENT") return "no such file";
  return code === "" ? "cannot be read" : code;
}

const FLAG_TEXTS: ReadonlySet<string> = new Set(["1", "true", "yes", "on", "0", "false", "no", "off"]);

function checkText(name: VariableName, variable: Variable, text: string): void {
  const refuse = (accepted: string) => {
    const shown = variable.kind === "secret" ? "(hidden)" : JSON.stringify(text);
    throw new StartError("E_CONFIG", `${name} is ${shown}. Accepted: ${accepted}.`);
  };
  if (
    variable.accepts !== undefined &&
    !variable.accepts.some((word) => word.toLowerCase() === text.toLowerCase())
  ) {
    refuse(variable.accepts.join(", "));
  }
  if (variable.kind === "flag" && !FLAG_TEXTS.has(text.toLowerCase())) refuse("true or false");
  if (variable.kind === "int" || variable.kind === "port") {
    const [least, most] =
      variable.kind === "port" ? [0, 65_535] : (variable.range ?? [0, Number.MAX_SAFE_INTEGER]);
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < least || value > most)
      refuse(`a whole number from ${least} to ${most}`);
  }
}

/** A flag's value. */
export function flagOf(environment: Environment, name: VariableName): boolean {
  const text = textOf(environment, name) ?? "false";
  return ["1", "true", "yes", "on"].includes(text.toLowerCase());
}

/** A number's value; null when unset without a default. */
export function intOf(environment: Environment, name: VariableName): number | null {
  const text = textOf(environment, name);
  return text === null ? null : Number(text);
}

/** A text's value, or its default. */
export function textOf(environment: Environment, name: VariableName): string | null {
  const variable: Variable = VARIABLES[name];
  return environment[name] ?? variable.fallback;
}

/** The items of a comma-separated value. */
export function listOf(environment: Environment, name: VariableName): readonly string[] {
  const items = (textOf(environment, name) ?? "").split(",").map((item) => item.trim());
  return items.filter((item) => item !== "");
}
