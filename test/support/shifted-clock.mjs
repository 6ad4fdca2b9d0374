// node --import shifted-clock.mjs: this process takes the time to be CLOCK_SHIFT ms later than it is; from SIGUSR2 on
// to be as much earlier, as where somebody sets the machine's clock. Timers and `performance` go on as they do.
let shift = Number(process.env.CLOCK_SHIFT);
process.on('SIGUSR2', () => {
  shift = -shift;
});
const Real = globalThis.Date;
globalThis.Date = new Proxy(Real, {
  construct: (target, given, asked) =>
    Reflect.construct(target, given.length === 0 ? [Real.now() + shift] : given, asked === Date ? target : asked),
  apply: () => new Date().toString(),
  get: (target, key) => (key === 'now' ? () => Real.now() + shift : Reflect.get(target, key)),
});
