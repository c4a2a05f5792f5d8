import * as v from "valibot";

/** Where a caller from outside may try what a proxy lets through, for some minutes. */
export const ProbeSchema = v.object({
  /** Path on this server; its last part is the secret that opens it. */
  path: v.string(),
});

/** How a request arrived, as the server sees it. */
export const ArrivalSchema = v.object({
  /** The address of the server as the caller wrote it. */
  baseUrl: v.string(),
  /** Null when unknown. */
  clientAddress: v.nullable(v.string()),
  /** Names of the headers with which proxies tell of a caller. */
  forwardedBy: v.array(v.string()),
});
export type ArrivalFacts = v.InferOutput<typeof ArrivalSchema>;

/** What became of a body. */
export const ReceivedSchema = v.object({ receivedBytes: v.number() });
