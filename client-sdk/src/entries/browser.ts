/**
 * Files of a page's own in browsers.
 * @module
 */

export { type OpfsSaveStoreOptions, opfsSaveStore } from "../browser/opfs-save-store.ts";
