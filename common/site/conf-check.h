/* conf-check.h - what the settings that are texts may say; for conf.c's table.
 *
 * Each returns NULL if the value will do, else what is wanted, in words. */
#ifndef LATCHKEY_CONF_CHECK_H
#define LATCHKEY_CONF_CHECK_H

const char *conf_check_path(const char *value);
const char *conf_check_paths(const char *value);
const char *conf_check_filter(const char *value);
const char *conf_check_key_file(const char *value);
const char *conf_check_store(const char *value);
const char *conf_check_url(const char *value);
const char *conf_check_issuer(const char *value);
const char *conf_check_hash(const char *value);
const char *conf_check_code_form(const char *value);
const char *conf_check_audit(const char *value);
const char *conf_check_command(const char *value);
const char *conf_check_sender(const char *value);
const char *conf_check_language(const char *value);

#endif
