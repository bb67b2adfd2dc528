df -h
exit
#1790000000
shopt -s histappend
#1790000004
cat <<EOF
body
EOF

#1790000009
exit
nproc
exit
