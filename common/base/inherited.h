/* inherited.h - what a process gets from the process that has started it */
#ifndef LATCHKEY_INHERITED_H
#define LATCHKEY_INHERITED_H

/* The first call in main(). Some state is kept through exec() and would change
 * what the rest of the code means: signals that are ignored or blocked, timers
 * that run, the umask, soft limits, standard descriptors that are closed, other
 * descriptors that are open. This puts it back to the defaults. SIGHUP stays
 * ignored, as nohup has it. */
void inherited_reset(void);

/* The path of a credential, which systemd shows to this service alone
 * (LoadCredential=NAME:FILE). The caller frees. NULL if there is none of that
 * name; one that cannot be looked at is there. */
char *inherited_credential(const char *name);

#endif
