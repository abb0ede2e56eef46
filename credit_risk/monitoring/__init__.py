"""Production held against development: drift, performance under label delay, challengers, alerts, replay.

Where production lies it is counted (`source`); everything after the counts knows no engine. The reference is the model
package: its bins, its counts, its grades. Tables that pass between the modules have the columns of `frames`.
"""
