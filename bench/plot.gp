# Plots how many times faster than other tools ours are: gnuplot -c plot.gp DATA OUTPUT COLUMNS
#
# DATA has a heading, then a row for each set: its name, then COLUMNS values, ? for a missing one.
set terminal svg size 960,400 font "sans-serif,12" background "white" noenhanced
set output ARG2
set datafile missing "?"

set style data histograms
set style histogram clustered gap 1.5
set style fill solid border rgb "white"
set border 3
set xtics scale 0
set ytics nomirror
set grid ytics linetype 1 linecolor rgb "#dddddd"
set yrange [0:]
set title "How many times faster than GNU tar in a pipe; 1 is as fast"
set key outside right top Left reverse samplen 1

# Colours that colour-blind people can distinguish (Okabe and Ito).
array colour[8] = ["#0072b2", "#56b4e9", "#009e73", "#b8d98a", "#d55e00", "#e69f00", "#cc79a7", "#888888"]

set arrow from graph 0, first 1 to graph 1, first 1 nohead front linecolor rgb "#333333"
plot for [i = 1:int(ARG3)] ARG1 using (column(i + 1)):xtic(1) linecolor rgb colour[i] \
    title columnheader(i + 1)
