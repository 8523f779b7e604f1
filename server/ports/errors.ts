/**
 * The three ways in which a managed system can fail us. Whatever else an adapter meets, it turns into one of these.
 * A step may retry Transient; it must observe after Unreachable, since the effect may have happened.
 */
export class PortError extends Error {
  constructor(
    readonly kind: 'transient' | 'terminal' | 'unreachable',
    /** The system as an operator knows it: `agent db-east-1`, `route53`. */
    readonly system: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The system answered that it cannot now, and that nothing was done; the same call may succeed later. */
export class Transient extends PortError {
  constructor(system: string, message: string, options?: ErrorOptions) {
    super('transient', system, message, options)
  }
}

/** The system answered no, and will say so again. */
export class Terminal extends PortError {
  constructor(system: string, message: string, options?: ErrorOptions) {
    super('terminal', system, message, options)
  }
}

/** No answer in time: what was asked may or may not have been done. Never a proof that the system is down. */
export class Unreachable extends PortError {
  constructor(system: string, message: string, options?: ErrorOptions) {
    super('unreachable', system, message, options)
  }
}

/** The target has seen a newer generation than ours: another worker leads this run. Always terminal. */
export class StaleGeneration extends Terminal {
  constructor(
    system: string,
    readonly newestGeneration: number,
  ) {
    super(system, `${system} has already obeyed generation ${newestGeneration}; this worker no longer leads the run`)
  }
}
