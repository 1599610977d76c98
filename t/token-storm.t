#!/bin/bash
# token-storm.t - two thousand access tokens made and deleted at the same time leave exactly what they should
. "${0%/*}/lib.sh"

good='Quiet-Harbour-42'
jobs=8 rounds=17 batch=10 # in a round, a job makes a batch and deletes half of it: 15 requests

# Speaks HTTP by itself: a curl for each of the requests would take longer than all of them.
cat >"$work/storm.py" <<'END'
import http.client, json, sys, threading

port, token, jobs, rounds, batch = int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
made, deleted, secrets, wrong = [[] for _ in range(jobs)], [[] for _ in range(jobs)], [[] for _ in range(jobs)], []


def ask(method, path, body=None):
    for attempt in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": "Bearer " + token, "Host": "localhost"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 503:  # which says that nothing was done
            break
    return answer.status, json.loads(text)


def work(job):
    for round in range(rounds):
        ids = []
        for i in range(batch):
            name = f"{job}-{round}-{i}"
            status, answer = ask("POST", "/auth/access_token", json.dumps({"name": name, "permission": "read"}))
            if status != 200 or answer["name"] != name:
                wrong.append(("create", status, answer))
                continue
            ids.append(answer["id"])
            made[job].append((answer["id"], name))
            secrets[job].append((answer["id"], answer["token"]))
        for id in ids[::2]:
            status, answer = ask("DELETE", f"/auth/access_token/{id}")
            if status != 200:
                wrong.append(("delete", status, answer))
            deleted[job].append(id)


threads = [threading.Thread(target=work, args=(job,)) for job in range(jobs)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

made, deleted = sum(made, []), set(sum(deleted, []))
ids = [id for id, name in made]
status, listed = ask("GET", "/auth/access_tokens")
print("requests", len(made) + len(deleted))
print("wrong", wrong)
print("double", len(ids) - len(set(ids)))
print("gaps", sorted(set(range(1, len(ids) + 1)) - set(ids)))
print("listed", [(t["id"], t["name"]) for t in listed] == sorted(t for t in made if t[0] not in deleted))

# Every secret is as good as its token is: a sample of both kinds.
bad = []
for id, secret in sum(secrets, [])[::13]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/auth/verify", headers={"X-Api-Key": secret})
    answer = connection.getresponse()
    answer.read()
    wanted = (401, None) if id in deleted else (204, f"token:{id}")
    if (answer.status, answer.getheader("X-Auth-User")) != wanted:
        bad.append((id, answer.status))
print("bad", bad)
END

# said NAME: what the storm reports of it.
said() { sed -n "s/^$1 //p" "$work/report"; }

fresh 'hash_cost = 1' 'mail_command ='
start nginx # with two workers of each program
add admin "$good" --admin
request POST /auth/admin/login -d "{\"password\":\"$good\"}"
token=${member_of[.token]-}
python3 -I -S "$work/storm.py" "$port" "$token" $jobs $rounds $batch >"$work/report" 2>>"$log" || give_up 'the storm does not end well'
is "$(said requests)" $((jobs * rounds * batch * 3 / 2)) "two thousand creations and deletions"
is "$(said wrong)" '[]' 'all were done'
is "$(said double)" 0 'no id was given twice'
is "$(said gaps)" '[]' 'nor left out'
is "$(said listed)" True 'the list has every token that was not deleted, and no other, in order'
is "$(said bad)" '[]' 'a secret is good if its token is there'
is "$(latchkey token list 2>>"$log" | wc -l)" $((jobs * rounds * batch / 2)) 'latchkey token list says the same'
stop
set_conf 'hash_cost = 1' 'mail_command ='
start fcgi
request GET /auth/access_tokens -H "X-Jwt-Token: $token"
is "$(grep -o '"id":' <<<"$body" | wc -l)" $((jobs * rounds * batch / 2)) 'and so does the store when it is opened again'
done_testing
