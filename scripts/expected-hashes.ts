import { resolve } from "node:path";

/** Digests by tools that share no code with ours. */
export interface ExpectedHashes {
  readonly md5: string;
  readonly sha1: string;
  /** Eight hex digits; null when neither Python nor Perl is there to compute it. */
  readonly crc32: string | null;
}

/** Names per run of a tool: its answer is held in memory. */
const BATCH_PATHS = 1000;

/** Both read NUL-separated names and print eight digits for each, in order. */
const CRC32_TOOLS: readonly (readonly [string, ...string[]])[] = [
  [
    "python3",
    "-c",
    `import os, sys, zlib
for name in sys.stdin.buffer.read().split(b"\\0")[:-1]:
    crc = 0
    with open(name, "rb") as file:
        while piece := file.read(1 << 20):
            crc = zlib.crc32(piece, crc)
    sys.stdout.write("%08x" % crc + "\\0")`,
  ],
  [
    "perl",
    "-MCompress::Raw::Zlib=crc32",
    "-0",
    "-ne",
    `chomp; open(my $f, "<:raw", $_) or die "$_: $!"; my $c = 0; my $b;
$c = crc32($b, $c) while read($f, $b, 1 << 20); printf("%08x\\0", $c);`,
  ],
];

/**
 * Gives the digests of files as `md5sum`, `sha1sum` and Python's or Perl's zlib compute them; the key is the
 * path as it was given. Nothing is folded: an empty file has the digests of the empty input.
 * @throws RangeError when a tool cannot read one of the files.
 */
export async function expectedHashes(paths: readonly string[]): Promise<Map<string, ExpectedHashes>> {
  const crc32Tool = findCrc32Tool();
  const expected = new Map<string, ExpectedHashes>();
  for (let at = 0; at < paths.length; at += BATCH_PATHS) {
    const batch = paths.slice(at, at + BATCH_PATHS);
    const [md5, sha1, crc32] = await Promise.all([
      runSum("md5sum", batch),
      runSum("sha1sum", batch),
      crc32Tool === null ? batch.map(() => null) : run(crc32Tool, batch),
    ]);
    for (const [index, path] of batch.entries()) {
      expected.set(path, { md5: md5[index] ?? "", sha1: sha1[index] ?? "", crc32: crc32[index] ?? null });
    }
  }
  return expected;
}

/** The tools end their lines with NUL and print names as they are; the digest is the line's first word. */
async function runSum(tool: "md5sum" | "sha1sum", paths: readonly string[]): Promise<string[]> {
  const lines = await run(["xargs", "-0", tool, "--zero", "--"], paths);
  return lines.map((line) => line.slice(0, line.indexOf(" ")));
}

async function run(command: readonly string[], paths: readonly string[]): Promise<string[]> {
  // Absolute, so that no name can be taken for an option or for standard input.
  const input = paths.map((path) => `${resolve(path)}\0`).join("");
  const child = Bun.spawn([...command], { stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
  const [output, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const lines = output.split("\0").slice(0, -1);
  if ((await child.exited) === 0 && lines.length === paths.length) return lines;
  throw new RangeError(
    `${command[0]} gave ${lines.length} answers for ${paths.length} files: ${complaint.trim()}`,
  );
}

function findCrc32Tool(): readonly string[] | null {
  return CRC32_TOOLS.find(([command]) => Bun.which(command) !== null) ?? null;
}
