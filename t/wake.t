#!/bin/bash
# wake.t - of the processes that wait for a request, it wakes one; and a signal that comes just then cuts it off from none
. "${0%/*}/lib.sh"
. "${0%/*}/server.sh"

if ((EUID)); then
	pass 'wake # SKIP only root can look into a process that is not dumpable'
	done_testing
fi

# All of them are looked into.
traced() { [[ $(awk '/^TracerPid/ && $2' "${logins[@]/#//proc/}" 2>/dev/null | wc -l) -eq ${#logins[@]} ]]; }

fresh 'hash_cost = 1' 'mail_command ='
start nginx
mapfile -t logins < <(workers login)
is "${#logins[@]}" 2 'two processes of login'
strace -qq -o "$work/strace" -e trace=accept,accept4 "${logins[@]/#/-p}" &
logins=("${logins[@]/%//status}")
wait_for 60 traced
is "$?" 0 'are looked into'
for ((i = 0; i < 30; i++)); do request GET /v1/auth/me; done
is "$status" 401 'thirty requests'
kill %strace
wait %strace 2>/dev/null
is "$(grep -c ' = [0-9]' "$work/strace")" 30 'are accepted'
# A process that is about to wait may see a request that another process gets.
vain=$(grep -c EAGAIN "$work/strace")
is "$((vain < 10))" 1 "and wake hardly anybody else: $vain times"

# --- a signal between the acceptance of a request and its first byte

stop
start fcgi
for pid in "${pids[@]}"; do
	[[ $(readlink "/proc/$pid/exe") == */login ]] && break
done
request GET /v1/auth/me
is "$status" 401 'login has begun'
cat >"$work/late.py" <<'END'
import os, signal, socket, sys, time

path, pid = sys.argv[1], int(sys.argv[2])


def until(happened):
    end = time.monotonic() + 30
    while not happened() and time.monotonic() < end:
        time.sleep(0.01)


def files():
    return len(os.listdir(f"/proc/{pid}/fd"))


def waits():  # the kernel wakes it at once where it takes the signal
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        return True


def record(kind, body=b""):
    return bytes([1, kind, 0, 1, len(body) >> 8, len(body) & 255, 0, 0]) + body


def pair(name, value):
    return bytes([len(name), len(value)]) + name.encode() + value.encode()


variables = {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/v1/auth/me", "REQUEST_URI": "/v1/auth/me",
             "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost"}
connection = socket.socket(socket.AF_UNIX)
before = files()
connection.connect(path)
until(lambda: files() > before)  # it has the connection, and waits for what we have to say
request = (record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, b"".join(map(pair, variables, variables.values())))
           + record(4) + record(5))
second = socket.socket(socket.AF_UNIX)
second.connect(path)
second.sendall(request)
os.kill(pid, signal.SIGTERM)
until(waits)
connection.sendall(request)
for one in connection, second:
    answer = b""
    while more := one.recv(65536):
        answer += more
    print(answer[8:].split(b"\r\n")[0].decode() if answer else "nothing")
END
python3 "$work/late.py" "$work/login.sock" "$pid" >"$work/late" 2>&1
like "$(sed -n 1p "$work/late")" '^Status: [24]' 'a TERM between: it is answered'
# It has woken this process, and no other.
like "$(sed -n 2p "$work/late")" '^Status: [24]' 'and so is a request that came before the process has seen the TERM'
wait_for 60 ended "$pid"
is "$?" 0 'and then login ends'
done_testing
