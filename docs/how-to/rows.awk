# Rows `text,label` of a toy task for did-my-run-learn.md: three words of a row say its label, three say nothing.
# n rows; s: another draw of them; move=1 gives each row the label of another.
function dice(sides) { seed = (seed * 16807) % 2147483647; return seed % sides }
BEGIN {
    seed = 20011 + 7919 * s
    print "text,label"
    for (i = 0; i < n; i++) {
        label = dice(10)
        text = ""
        for (k = 0; k < 3; k++) text = text " topic" label "x" dice(20)
        for (k = 0; k < 3; k++) text = text " filler" dice(300)
        print substr(text, 2) ",label" (label + move) % 10
    }
}
