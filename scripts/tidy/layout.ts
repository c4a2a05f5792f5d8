import { basename } from "node:path/posix";
import { type Finding, refuse } from "./findings.ts";
import { domainSteps, portNames } from "./import-table.ts";
import { matchesAny } from "./patterns.ts";
import {
  bannedFolders,
  domainExtras,
  domainFiles,
  requiredFiles,
  serverFiles,
  serverFolders,
  topFolders,
} from "./shape-table.ts";
import { isCodeFile } from "./source.ts";

const domains = domainSteps.flat();
const KEBAB_FILE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)+$/;

function checkTopFolder(path: string): string | null {
  const [folder, rest] = path.split("/");
  if (rest === undefined || folder === undefined || folder.startsWith(".")) return null;
  if (topFolders.includes(folder)) return null;
  return `the top folders are ${topFolders.join(", ")}; "${folder}" is none of them`;
}

function checkFolderNames(path: string): string | null {
  const banned = path
    .split("/")
    .slice(0, -1)
    .find((folder) => bannedFolders.includes(folder));
  return banned === undefined ? null : `no folder is called "${banned}": name it after what it holds`;
}

function checkFileName(path: string): string | null {
  if (!isCodeFile(path) || KEBAB_FILE.test(basename(path))) return null;
  return "file names are kebab-case";
}

/** Whether a path inside a domain's folder is one of its known file names, at most one folder deep. */
function isDomainFile(domain: string, inner: string): boolean {
  if (matchesAny(inner, domainFiles) || matchesAny(inner, domainExtras[domain] ?? [])) return true;
  if (inner.startsWith("fixtures/")) return true;
  const [, ...below] = inner.split("/");
  return below.length > 0 && (below[0] === "fixtures" || matchesAny(below.join("/"), domainFiles));
}

function checkServerPath(path: string): string | null {
  const inside = /^server\/src\/(?<rest>.+)$/.exec(path)?.groups?.rest;
  if (inside === undefined) return null;
  const [folder = "", ...below] = inside.split("/");
  if (below.length === 0) {
    return serverFiles.includes(folder)
      ? null
      : `server/src holds folders and ${serverFiles.join(", ")} only`;
  }
  if (folder === "ports" && below.length > 1 && !portNames.includes(below[0] ?? "")) {
    return `"${below[0]}" is not a port; the ports are ${portNames.join(", ")}`;
  }
  if (serverFolders.includes(folder)) return null;
  if (!domains.includes(folder)) {
    return `"${folder}" is neither a domain nor one of ${serverFolders.join(", ")}; domains stand in the step table`;
  }
  if (isDomainFile(folder, below.join("/"))) return null;
  return `"${below.join("/")}" is not a file name of a domain; they are ${domainFiles.join(" ")}`;
}

/** Checks where a file lies and what it is called. */
export function checkPath(path: string): Finding[] {
  const at = { file: path, line: 1 };
  const messages = [checkTopFolder(path), checkFolderNames(path), checkFileName(path), checkServerPath(path)];
  return messages.filter((message) => message !== null).map((message) => refuse(at, "layout", message));
}

/** Names the files a repository must have and does not, and what their text must show and does not. */
export function checkRequiredFiles(files: ReadonlyMap<string, string>): Finding[] {
  return requiredFiles.flatMap(({ path, shows }) => {
    const text = files.get(path);
    if (text === undefined) return [refuse({ file: path, line: 1 }, "required", "this file is missing")];
    return shows
      .filter((part) => !text.includes(part))
      .map((part) => refuse({ file: path, line: 1 }, "required", `this file does not show "${part}"`));
  });
}
