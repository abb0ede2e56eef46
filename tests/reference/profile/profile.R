# Intervals of the profile likelihood and an offset in a logistic regression, by glm and uniroot of R's base.
# Run in this folder: Rscript profile.R > session_info.txt
options(digits = 17)
rows <- read.csv("../clustered/rows.csv")
tight <- glm.control(epsilon = 1e-15, maxit = 200)
design <- cbind(intercept = 1, x1 = rows$x1, x2 = rows$x2)
offset_of_rows <- 0.3 * rows$x1^2 - 0.2
fit <- function(x, offset, weights) suppressWarnings(
  glm.fit(x, rows$y, weights = weights, offset = offset, family = binomial(), control = tight, intercept = FALSE))
bound <- function(j, best, weights, offset, level, sign) {
  error <- sqrt(diag(chol2inv(best$qr$qr[1:3, 1:3])))[j]
  fall <- function(b) {
    held <- fit(design[, -j, drop = FALSE], offset + b * design[, j], weights)
    held$deviance - best$deviance - qchisq(level, 1)
  }
  from <- best$coefficients[[j]]
  ends <- sort(c(from + sign * 0.2 * error, from + sign * 6 * error))
  uniroot(fall, ends, tol = 1e-13)$root
}
out <- list()
for (case in c("plain", "weighted", "offset", "weighted, offset")) for (level in c(0.95, 0.8)) {
  weights <- if (grepl("weighted", case)) rows$w else rep(1, nrow(rows))
  offset <- if (grepl("offset", case)) offset_of_rows else rep(0, nrow(rows))
  best <- fit(design, offset, weights)
  null <- fit(design[, 1, drop = FALSE], offset, weights)
  for (j in 1:3) out[[length(out) + 1]] <- data.frame(
    case = case, level = level, term = colnames(design)[j], coefficient = best$coefficients[[j]],
    standard_error = sqrt(diag(chol2inv(best$qr$qr[1:3, 1:3])))[j],
    lower = bound(j, best, weights, offset, level, -1), upper = bound(j, best, weights, offset, level, 1),
    log_likelihood = -best$deviance / 2, null_log_likelihood = -null$deviance / 2)
}
table <- do.call(rbind, out)
for (name in setdiff(names(table), c("case", "term"))) table[[name]] <- sprintf("%.17g", table[[name]])
write.csv(table, "expected.csv", row.names = FALSE, quote = c(1, 3))
cat("../clustered/rows.csv: md5", tools::md5sum("../clustered/rows.csv"), "\n")
print(sessionInfo())
