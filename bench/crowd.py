"""What others see of a suite, each from an address of its own: one account after the other signs in, and verify is asked.

  crowd.py PORT SECONDS PASSWORD TOKEN [ACCOUNTS]

Prints how many sign-ins there were, how many were answered 200, the slowest of these in ms, and the time in us that 99 of
100 questions to verify stay under. Without ACCOUNTS, which are called user0 and so on, nobody signs in. Both come at a
steady pace, and nobody waits for another."""
import http.client, json, sys, threading, time

port, seconds, password, token = int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:5]
accounts = int(sys.argv[5]) if len(sys.argv) > 5 else 0
JSON = {"Content-Type": "application/json"}
answers = []


def client(address):
    return http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(address, 0))


def sign_in(number):
    begun = time.perf_counter()
    body = json.dumps({"username": f"user{number}", "password": password})
    try:
        connection = client(f"127.1.{number // 250}.{number % 250 + 1}")
        connection.request("POST", "/v1/api-login", body, JSON)
        answer = connection.getresponse()
        good = answer.status == 200 and json.load(answer)["success"]
    except (OSError, http.client.HTTPException, ValueError):
        good = False
    answers.append((good, time.perf_counter() - begun))


def steadily(each, what):
    """Calls what(0), what(1) and so on, one each so many seconds."""
    begun = time.perf_counter()
    for i in range(int(seconds / each)):
        time.sleep(max(0, begun + i * each - time.perf_counter()))
        what(i)


def all_sign_in():
    threads = []

    def begin(i):
        threads.append(threading.Thread(target=sign_in, args=(i % accounts,)))
        threads[-1].start()

    steadily(0.2, begin)
    for thread in threads:
        thread.join()


times, connection = [], client("127.2.0.1")


def verify(_):
    global connection
    begun = time.perf_counter_ns()
    try:
        connection.request("GET", "/auth/verify", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 204, answer.status
    except (OSError, http.client.HTTPException):
        connection = client("127.2.0.1")
    times.append((time.perf_counter_ns() - begun) // 1000)


others = threading.Thread(target=all_sign_in)
if accounts:
    others.start()
steadily(0.005, verify)
if accounts:
    others.join()
good = [took for right, took in answers if right]
print(len(answers), len(good), round(1000 * max(good, default=0)), sorted(times)[len(times) * 99 // 100])
