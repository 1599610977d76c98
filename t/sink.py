"""A mail server that keeps what it gets, and a reader of that.

sink.py serve PORT DIR   writes each mail to DIR/N.eml, whom it was for to DIR/N.to, who sends it to
                         DIR/N.sender; DIR/ready when it listens
sink.py show FILE.eml    what is in one, as JSON
"""
import email
import email.policy
import email.utils
import json
import os
import signal
import sys
import time


class Keeper:
    def __init__(self, folder):
        self.folder = folder

    async def handle_DATA(self, server, session, envelope):
        name = os.path.join(self.folder, str(time.time_ns()))
        with open(name + ".to", "w") as file:
            file.writelines(to + "\n" for to in envelope.rcpt_tos)
        with open(name + ".sender", "w") as file:
            file.write(envelope.mail_from)
        with open(name + ".new", "wb") as file:
            file.write(envelope.content)
        os.rename(name + ".new", name + ".eml")
        return "250 kept"


def serve(port, folder):
    from aiosmtpd.controller import Controller

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    controller = Controller(Keeper(folder), hostname="127.0.0.1", port=int(port), enable_SMTPUTF8=True)
    controller.start()
    open(os.path.join(folder, "ready"), "w").close()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    os.remove(os.path.join(folder, "ready"))
    controller.stop()


def show(path):
    with open(path, "rb") as file:
        raw = file.read()
    with open(path.removesuffix(".eml") + ".to") as file:
        recipients = file.read().split()
    with open(path.removesuffix(".eml") + ".sender") as file:
        sender = file.read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    head = raw.split(b"\r\n\r\n")[0]
    date = email.utils.parsedate_to_datetime(mail["Date"])
    said = {
        "from": mail["From"].addresses[0].addr_spec,
        "from_name": mail["From"].addresses[0].display_name,
        "sender": sender,
        "to": [address.addr_spec for address in mail["To"].addresses],
        "name": mail["To"].addresses[0].display_name,
        "recipients": recipients,
        "subject": mail["Subject"],
        "now": abs(date.timestamp() - time.time()) < 300,
        "id": mail["Message-ID"],
        "auto": mail["Auto-Submitted"],
        "type": mail.get_content_type(),
        "charset": mail.get_content_charset(),
        "text": mail.get_content(),
        # Each header once; what the way here has added is not ours.
        "headers": " ".join(sorted(name for name in mail.keys() if name not in ("Received", "X-Peer"))),
        "defects": [str(defect) for part in (mail, *mail.values()) for defect in part.defects],
        "ascii": raw.isascii(),
        "lines": max(len(line) for line in raw.split(b"\r\n")),
        "encoded": b"=?" in head,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    {"serve": serve, "show": show}[sys.argv[1]](*sys.argv[2:])
