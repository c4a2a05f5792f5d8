import type { ZipToSend } from "../../http/zip/sender.ts";
import type { StoredArchive } from "./contract.ts";

/** An archive as the door sends it. */
export function toZip({ fileName, modifiedAt, files }: StoredArchive): ZipToSend {
  return {
    fileName,
    modifiedAt: new Date(modifiedAt),
    sources: files.map(({ content, ...entry }) => {
      if ("path" in content) return { ...entry, content };
      return { ...entry, content: { bytes: new TextEncoder().encode(content.text) } };
    }),
  };
}
