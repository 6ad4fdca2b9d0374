// For `node --expose-gc --import`: on SIGUSR2 says what the process holds when its garbage is gone.
let told = 0;
process.on('SIGUSR2', () => {
  for (let turn = 0; turn < 3; turn++) globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  console.log(`memory ${++told} ${rss} ${heapUsed} ${external}`);
});
