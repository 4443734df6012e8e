import { startLab } from '/work/main/src/lab/lab.ts';
const t=Date.now();
const lab = await startLab({directory:'/tmp/labx'});
console.log('up', Date.now()-t, lab.hosts.map(h=>`${h.name} ${h.address}:${h.port} ${lab.isUp(h.name)}`));
process.on('SIGTERM', async () => { const t=Date.now(); await lab.close(); console.log('closed', Date.now()-t); });
