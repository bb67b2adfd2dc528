ls
 ssh build@node7.example
cat > run.sh <<EOF
nohup ./miner --pool pool.example:3333 &
#1234567890
EOF

echo 'two
lines'
while true
do sleep 5
done

#1345678901
# comment
exit
