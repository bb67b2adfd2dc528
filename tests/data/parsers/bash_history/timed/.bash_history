#1790000000
cd /srv/render && ls -la
#1790000003
 echo 'a leading blank stays'
#1790000009
for n in 1 2; do echo $n; done
#1790000020
cat > job.json <<'END'
{"threads": 4}
#1111111111
{"pool": "pool.example:3333"}

END

#1790000031
python3 -c 'import sys
print(sys.argv)'
#1790000040
#1790000099
#1790000041
# a typed comment
#1790000050
echo it's too late
#1790000052
cat <<EOT
not the end
EOT

#1790000060
printf 'größe 容量\n'
#1790000061
exit
#1790000005
tmux attach
#1790000006
exit
whoami
#1790000600
uptime
echo written by another tool
#1790000610
exit
