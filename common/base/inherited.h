/* inherited.h - what a process gets from the one that has started it */
#ifndef LATCHKEY_INHERITED_H
#define LATCHKEY_INHERITED_H

/* To be called first thing in main(): puts back what is kept through exec and
 * would change what the rest of the code means. Signals that are ignored or
 * blocked, timers that run, an umask, soft limits, standard descriptors that
 * are closed, others that are open. SIGHUP stays ignored, as nohup has it. */
void inherited_reset(void);

#endif
