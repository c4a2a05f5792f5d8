/** What is fixed from start to stop: the operator's settings that operations read. */
export interface Facts {
  readonly version: string;
  readonly basePath: string;
  readonly libraryPath: string;
  readonly resourcesPath: string;
  readonly assetsPath: string;
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
  readonly flags: HeartbeatFlags;
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
