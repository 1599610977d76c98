/* pq.h - libpq, PostgreSQL's client library, which is loaded where it is used.
 *
 * Linked, it would cost each program 1.1 MB and four times the time to start,
 * on the many machines that have no PostgreSQL. */
#ifndef LATCHKEY_PQ_H
#define LATCHKEY_PQ_H

#include <postgresql/libpq-fe.h>
#include <stdbool.h>

/* clang-format off */
#define PQ_FUNCTIONS(F) \
	F(parse, PQconninfoParse) \
	F(free_options, PQconninfoFree) \
	F(free_memory, PQfreemem) \
	F(connect, PQconnectStartParams) \
	F(connect_poll, PQconnectPoll) \
	F(finish, PQfinish) \
	F(status, PQstatus) \
	F(socket, PQsocket) \
	F(error, PQerrorMessage) \
	F(server_version, PQserverVersion) \
	F(ssl_in_use, PQsslInUse) \
	F(parameter, PQparameterStatus) \
	F(set_nonblocking, PQsetnonblocking) \
	F(set_notice, PQsetNoticeReceiver) \
	F(enter_pipeline, PQenterPipelineMode) \
	F(send_prepare, PQsendPrepare) \
	F(send_prepared, PQsendQueryPrepared) \
	F(send_query, PQsendQueryParams) \
	F(send_sync, PQpipelineSync) \
	F(send_flush, PQsendFlushRequest) \
	F(flush, PQflush) \
	F(is_busy, PQisBusy) \
	F(consume, PQconsumeInput) \
	F(result, PQgetResult) \
	F(clear, PQclear) \
	F(result_status, PQresultStatus) \
	F(result_field, PQresultErrorField) \
	F(command, PQcmdStatus) \
	F(changed, PQcmdTuples) \
	F(rows, PQntuples) \
	F(value, PQgetvalue) \
	F(length, PQgetlength)
/* clang-format on */

#define PQ_MEMBER(member, function) __typeof__(function) *member;
struct pq_functions {
	PQ_FUNCTIONS(PQ_MEMBER)
};
#undef PQ_MEMBER

/* Filled in by pq_load(). */
extern struct pq_functions pq;

/* Loads libpq, once; before the sandbox. False, said in the log, if it is not
 * installed. */
bool pq_load(void);

#endif
