# AUC, its DeLong variance and partial areas of 400 made rows with ties, by pROC. Writes discrimination.json beside it.
suppressPackageStartupMessages(library(pROC))
k <- 1:400
bad <- as.integer((k * 7919) %% 101 < 27)
risk <- round(sin(k * 0.37) * 1.5 + bad * 0.9 + ((k * 31) %% 17) / 10, 1)
other <- round(cos(k * 0.11) + bad * 0.7 + ((k * 13) %% 23) / 10, 1)
curve <- roc(bad, risk, levels = c(0, 1), direction = "<", quiet = TRUE)
second <- roc(bad, other, levels = c(0, 1), direction = "<", quiet = TRUE)
area <- function(least, most, correct) {
  as.numeric(auc(curve, partial.auc = c(1 - least, 1 - most), partial.auc.focus = "specificity", partial.auc.correct = correct))
}
ranges <- list(c(0, 0.1), c(0, 0.2), c(0.1, 0.35), c(0.4, 1))
test <- roc.test(curve, second, method = "delong", paired = TRUE)
told <- function(x) format(x, digits = 17)
lines <- c(
  "{",
  paste0('  "sum_of_risk": ', told(sum(risk)), ","),
  paste0('  "bads": ', sum(bad), ","),
  paste0('  "auc": ', told(as.numeric(auc(curve))), ","),
  paste0('  "delong_variance": ', told(var(curve, method = "delong")), ","),
  paste0('  "difference_p_value": ', told(test$p.value), ","),
  paste0('  "ranges": [', paste(sapply(ranges, function(r) paste0("[", r[1], ", ", r[2], "]")), collapse = ", "), "],"),
  paste0('  "partial": [', paste(sapply(ranges, function(r) told(area(r[1], r[2], FALSE))), collapse = ", "), "],"),
  paste0('  "standardised": [', paste(sapply(ranges, function(r) told(area(r[1], r[2], TRUE))), collapse = ", "), "]"),
  "}"
)
writeLines(lines, "discrimination.json")
capture.output(sessionInfo(), file = "session_info.txt")
