/** What is fixed from start to stop: the operator's settings that operations read. */
export interface Facts {
  readonly version: string;
  readonly basePath: string;
  readonly libraryPath: string;
  readonly resourcesPath: string;
  readonly assetsPath: string;
  /** Where uploads wait until they are whole; below the operator's temporary folder, or the resources. */
  readonly tempPath: string;
  /** Signing key of tokens and cookies. */
  readonly secretKey: string;
  readonly publicUrl: string | null;
  readonly isKiosk: boolean;
  readonly isCsrfOn: boolean;
  readonly isSecureCookie: boolean;
  readonly isDownloadPublic: boolean;
  readonly sessionMaxAgeMs: number;
  readonly accessTokenMs: number;
  readonly refreshTokenMs: number;
  /** Life of an invite link that names none of its own. */
  readonly inviteTokenMs: number;
  /** Sign-in by an identity provider; null while it is off. */
  readonly oidc: OidcFacts | null;
  readonly tasks: TaskFacts;
  readonly flags: HeartbeatFlags;
}

/** When a task is started by the clock. */
export interface ScheduleFacts {
  readonly isEnabled: boolean;
  /** Five fields, minutes first; also while it is off. */
  readonly cron: string;
}

/** How the operator set up background work. */
export interface TaskFacts {
  readonly rescan: ScheduleFacts;
  readonly orphanedResources: ScheduleFacts;
  readonly watcher: { readonly isEnabled: boolean; readonly delayMinutes: number };
  /** In which patterns are read: an IANA name. */
  readonly timeZone: string;
  /** How long the outcome of a run is kept. */
  readonly resultTtlMs: number;
}

/** Switches that only the heartbeat reports. */
export interface HeartbeatFlags {
  readonly disableSetupWizard: boolean;
  readonly disableUserpassLogin: boolean;
  readonly disableLogsViewer: boolean;
  readonly disableEmulatorJs: boolean;
  readonly disableRuffleRs: boolean;
  readonly youtubeBaseUrl: string;
}

/** How the operator set up sign-in by an OpenID Connect provider. Empty texts were not set. */
export interface OidcFacts {
  /** Shown on the login page. */
  readonly providerName: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** Where the discovery document is. */
  readonly discoveryUrl: string;
  readonly isAutologin: boolean;
  readonly isRegistrationAllowed: boolean;
  /** Claim that holds roles, perhaps a path such as `realm_access.roles`. */
  readonly rolesClaim: string;
  readonly roleNames: { readonly viewer: string; readonly editor: string; readonly admin: string };
  readonly usernameAttribute: string;
  /** File with the certificate authority of the provider; null trusts the usual ones. */
  readonly caFile: string | null;
  /** Also sign out at the provider. */
  readonly isLogoutForwarded: boolean;
  readonly endSessionEndpoint: string;
}
