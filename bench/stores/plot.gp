# Plots the seconds of each operation and tool: gnuplot -c plot.gp DATA OUTPUT TOOLS
#
# DATA has a heading, then a row for each operation: its name, then a value for each tool, ? for a missing one.
set terminal svg size 960,480 font "sans-serif,12" background "white" noenhanced
set output ARG2
set datafile missing "?"

set style data histograms
set style histogram clustered gap 1.5
set style fill solid border rgb "white"
set border 3
set xtics scale 0 rotate by -35
set ytics nomirror
set grid ytics linetype 1 linecolor rgb "#dddddd"
set logscale y
set yrange [0.05:]
set format y "%g"
set title "Seconds of each operation (logarithmic scale; less is better)"
set key outside right top Left reverse samplen 1

# Colours that colour-blind people can distinguish (Okabe and Ito).
array colour[4] = ["#0072b2", "#d55e00", "#e69f00", "#888888"]

plot for [i = 1:int(ARG3)] ARG1 using (column(i + 1)):xtic(1) linecolor rgb colour[i] title columnheader(i + 1)
