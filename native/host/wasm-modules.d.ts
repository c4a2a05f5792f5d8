/** What `build.ts` writes beside each chunk; the files exist only after a build. */
declare module "*.inline.js" {
  export const wasmBase64: string;
}
