/** Time-based codes and how their secrets are kept. Holds no state: which code was used already is the caller's to remember. */
export interface SecondFactor {
  /** A new secret in base32, 160 bits. */
  newSecret(): string
  /** Bound to the person: a sealed secret that is copied to another account does not open. */
  seal(userId: string, secret: string): string
  /** @throws Error when it was sealed with another process secret, or for someone else */
  open(userId: string, sealed: string): string
  /** The 30-second step whose code this is: the present one or one beside it, since clocks differ; null for a wrong code. */
  stepOf(secret: string, code: string, nowMs: number): number | null
  /** What an authenticator reads from a QR code. */
  uri(secret: string, account: string): string
  /** Whether a person's password is this one. */
  passwordFits(hash: string, password: string): Promise<boolean>
}
