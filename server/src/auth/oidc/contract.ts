import * as v from "valibot";
import { SignedInSchema } from "../contract.ts";
import { OIDC_NEXT_CHARS_MAX, OIDC_QUERY_CHARS_MAX } from "../limits.ts";

/** Why a browser that came back from the provider is not signed in although nothing is broken. */
export const SIGN_IN_REFUSALS = ["oidc_expired", "oidc_denied", "oidc_failed"] as const;
export type SignInRefusal = (typeof SIGN_IN_REFUSALS)[number];

/** What a browser sends to go to the provider. */
export const BeginSignInInput = v.strictObject({
  /** Path of ours to show afterwards; anything but a path of ours is left out. */
  next: v.nullable(v.pipe(v.string(), v.maxLength(OIDC_NEXT_CHARS_MAX))),
  /** The key of a sign-in that the browser began shortly before, perhaps in another tab. */
  browserKey: v.nullable(v.string()),
});

/** Where the browser goes, and what it must bring along when it comes back. */
export const SignInBegunSchema = v.object({
  providerUrl: v.string(),
  browserKey: v.string(),
  isSecure: v.boolean(),
});
export type SignInBegun = v.InferOutput<typeof SignInBegunSchema>;

/** What a browser that comes back from the provider sends. */
export const FinishSignInInput = v.strictObject({
  /** The query of the address the provider sent it to. */
  query: v.pipe(v.string(), v.maxLength(OIDC_QUERY_CHARS_MAX)),
  browserKey: v.nullable(v.string()),
  /** The session in use until now, which ends. */
  sessionId: v.nullable(v.string()),
  browserId: v.nullable(v.string()),
  keepsCookies: v.boolean(),
  userAgent: v.nullable(v.string()),
});

export const SignInFinishedSchema = v.variant("kind", [
  v.object({ kind: v.literal("signed_in"), signedIn: SignedInSchema, next: v.string() }),
  v.object({
    kind: v.literal("refused"),
    reason: v.picklist(SIGN_IN_REFUSALS),
    /** What stands before the paths of our pages; "" at the root of a host. */
    pagePrefix: v.string(),
  }),
]);
export type SignInFinished = v.InferOutput<typeof SignInFinishedSchema>;
