// For `node --expose-gc --import`: on SIGUSR2 it reports the memory of the process after a garbage collection.
let told = 0;
process.on('SIGUSR2', () => {
  for (let turn = 0; turn < 3; turn++) globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  console.log(`memory ${++told} ${rss} ${heapUsed} ${external}`);
});
