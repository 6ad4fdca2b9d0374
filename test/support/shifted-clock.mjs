// node --import shifted-clock.mjs: for this process the time is CLOCK_SHIFT ms later than it is, and after SIGUSR2
// earlier by the same amount, as if the machine's clock was set. Timers and `performance` are unchanged.
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
