"""Runs a program on a terminal of its own and types answers: answer.py '[["wanted text", "answer"], …]' PROGRAM ARGS."""
import json
import os
import pty
import sys

answers = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = ""
while True:
    try:
        block = os.read(fd, 4096)
    except OSError:
        break
    if not block:
        break
    sys.stdout.buffer.write(block)
    seen += block.decode("utf8", "replace")
    if answers and answers[0][0] in seen:
        seen = seen.split(answers[0][0], 1)[1]
        os.write(fd, (answers.pop(0)[1] + "\n").encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
