// Loaded before a worker: its clock is off by SHIFT_CLOCK_MS, as on a machine that nobody keeps in time.
const shift = Number(process.env.SHIFT_CLOCK_MS ?? 0)
const Real = Date

class Shifted extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shift)
    else super(...given)
  }
  static now() {
    return Real.now() + shift
  }
}

globalThis.Date = Shifted
