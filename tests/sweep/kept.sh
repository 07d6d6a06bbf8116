# Whether each line of stdin is in the file once.
while read -r line; do
    times=$(grep -c "^$line\$" "$1")
    if [ "$times" != 1 ]; then
        echo "$line is kept $times times"
        exit 1
    fi
done
