# Linear models and weights of evidence by base R, for comparison: Rscript --vanilla linear_models.R FOLDER
#
# FOLDER/models.csv: one model a line: model (a number), rows, terms, family (logistic, fractional, gamma, tweedie, beta),
# link (logit, probit, log), power, covariance (nonrobust, hc0, hc1, cluster).
# FOLDER/model_N.bin: doubles, column by column: outcome, weight, offset, cluster, then the terms, the constant first.
# FOLDER/classings.csv: classing (a number), rows, bins, zero_cell. FOLDER/classing_N.bin: outcome, weight, bin from 0.
# Written there: r.csv (version), coefficients.csv, fits.csv, bins.csv. No text of a model comes here, only numbers.
folder <- commandArgs(trailingOnly = TRUE)[1]
path <- function(...) file.path(folder, paste0(...))
put <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.csv(table, path(name), row.names = FALSE, quote = FALSE)
}
columns <- function(name, rows) {
  values <- readBin(path(name), "double", file.size(path(name)) / 8, endian = "little")
  matrix(values, nrow = rows)
}

# variance mu^p and log link (Joergensen 1997); base R has no such family
tweedie <- function(p) structure(list(
  family = "tweedie", link = "log", linkfun = log, linkinv = exp, mu.eta = exp, variance = function(mu) mu^p,
  dev.resids = function(y, mu, wt)
    2 * wt * (ifelse(y > 0, y * y^(1 - p), 0) / (1 - p) - y * mu^(1 - p) / (1 - p) - (y^(2 - p) - mu^(2 - p)) / (2 - p)),
  aic = function(y, n, mu, wt, dev) NA, validmu = function(mu) all(is.finite(mu)) && all(mu > 0),
  valideta = function(eta) TRUE,
  initialize = expression({ n <- rep(1, nobs); mustart <- y + 0.1 * (y == 0) * weighted.mean(y, weights) })
), class = "family")

family_of <- function(name, link, power) switch(name,
  logistic = binomial(), fractional = quasibinomial(link), gamma = Gamma("log"), tweedie = tweedie(power))

covariance <- function(kind, information, scores, cluster) {
  bread <- solve(information)
  n <- nrow(scores); k <- ncol(scores)
  if (kind == "cluster") scores <- rowsum(scores, cluster)
  g <- nrow(scores)
  size <- switch(kind, hc0 = 1, hc1 = n / (n - k), cluster = g / (g - 1) * (n - 1) / (n - k))
  size * bread %*% crossprod(scores) %*% bread
}

# glm stops when the deviance stands still, which is flat at its least: start again until the coefficients stand still
by_glm <- function(m, x, y, w, o, cluster) {
  family <- family_of(m$family, m$link, m$power)
  tight <- glm.control(epsilon = 1e-14, maxit = 100)
  fit <- suppressWarnings(glm.fit(x, y, weights = w, offset = o, family = family, control = tight))
  for (again in 1:20) {
    before <- fit$coefficients
    fit <- suppressWarnings(glm.fit(x, y, weights = w, offset = o, family = family, start = before, control = tight))
    if (max(abs(fit$coefficients - before)) < 1e-13 * max(1, abs(before))) break
  }
  eta <- as.vector(x %*% fit$coefficients) + o
  mu <- family$linkinv(eta); slope <- family$mu.eta(eta); v <- family$variance(mu)
  information <- crossprod(x * sqrt(w * slope^2 / v))
  dispersion <- if (m$family == "logistic") 1 else sum(w * (y - mu)^2 / v) / (nrow(x) - ncol(x))
  if (m$covariance == "nonrobust") matrix <- dispersion * solve(information)
  else matrix <- covariance(m$covariance, information, x * (w * (y - mu) * slope / v), cluster)
  list(b = fit$coefficients, se = sqrt(diag(matrix)), deviance = fit$deviance, converged = fit$converged)
}

# beta regression by Fisher scoring for the coefficients and ln of the precision (Ferrari and Cribari-Neto 2004)
by_scoring <- function(m, x, y, w, o, cluster) {
  link <- make.link(m$link); k <- ncol(x)
  start <- suppressWarnings(glm.fit(x, y, weights = w, offset = o, family = quasibinomial(m$link)))
  mu <- start$fitted.values
  theta <- c(start$coefficients, log(max(sum(w * mu * (1 - mu)) / sum(w * (y - mu)^2) - 1, 0.1)))
  likelihood <- function(theta) {
    mu <- link$linkinv(as.vector(x %*% theta[1:k]) + o); phi <- exp(theta[k + 1])
    sum(w * dbeta(y, mu * phi, (1 - mu) * phi, log = TRUE))
  }
  at <- function(theta) {
    eta <- as.vector(x %*% theta[1:k]) + o; mu <- link$linkinv(eta); slope <- link$mu.eta(eta); phi <- exp(theta[k + 1])
    gap <- qlogis(y) - digamma(mu * phi) + digamma((1 - mu) * phi)
    level <- mu * gap + digamma(phi) - digamma((1 - mu) * phi) + log1p(-y)
    one <- trigamma(mu * phi); rest <- trigamma((1 - mu) * phi); both <- trigamma(phi)
    cross <- colSums(x * (w * phi^2 * slope * (mu * one - (1 - mu) * rest)))
    last <- sum(w * phi^2 * (mu^2 * one + (1 - mu)^2 * rest - both))
    information <- rbind(cbind(crossprod(x * sqrt(w * phi^2 * slope^2 * (one + rest))), cross), c(cross, last))
    list(scores = cbind(x * (w * phi * slope * gap), w * phi * level), information = information)
  }
  moved <- Inf
  for (step in 1:500) {
    now <- at(theta)
    direction <- solve(now$information, colSums(now$scores))
    size <- 1
    while (size > 1e-6 && !isTRUE(likelihood(theta + size * direction) >= likelihood(theta) - 1e-9)) size <- size / 2
    theta <- theta + size * direction
    moved <- max(abs(size * direction))
    if (moved < 1e-13) break
  }
  now <- at(theta)
  matrix <- if (m$covariance == "nonrobust") solve(now$information)
    else covariance(m$covariance, now$information, now$scores, cluster)
  list(b = theta[1:k], se = sqrt(diag(matrix))[1:k], deviance = -2 * likelihood(theta), converged = moved < 1e-9)
}

models <- read.csv(path("models.csv"))
coefficients <- list(); fits <- list()
for (i in seq_len(nrow(models))) {
  m <- models[i, ]
  d <- columns(paste0("model_", m$model, ".bin"), m$rows)
  x <- d[, -(1:4), drop = FALSE]
  estimate <- if (m$family == "beta") by_scoring else by_glm
  fit <- tryCatch(estimate(m, x, d[, 1], d[, 2], d[, 3], d[, 4]), error = function(e) NULL)
  if (is.null(fit)) fit <- list(b = rep(NA_real_, m$terms), se = rep(NA_real_, m$terms), deviance = NA_real_, converged = FALSE)
  coefficients[[i]] <- data.frame(
    model = m$model, term = seq_len(m$terms), coefficient = unname(fit$b), standard_error = unname(fit$se))
  fits[[i]] <- data.frame(model = m$model, deviance = fit$deviance, converged = as.integer(fit$converged))
}
classings <- read.csv(path("classings.csv"))
bins <- list()
for (i in seq_len(nrow(classings))) {
  one <- classings[i, ]
  d <- columns(paste0("classing_", one$classing, ".bin"), one$rows)
  place <- factor(d[, 3], levels = seq_len(one$bins) - 1)
  good <- as.vector(xtabs(d[, 2] * (d[, 1] == 0) ~ place)); bad <- as.vector(xtabs(d[, 2] * (d[, 1] == 1) ~ place))
  added <- ifelse((good == 0) != (bad == 0), one$zero_cell, 0)
  woe <- log((good + added) / sum(good) / ((bad + added) / sum(bad)))
  woe[good == 0 & bad == 0] <- 0
  bins[[i]] <- data.frame(classing = one$classing, bin = seq_len(one$bins) - 1, good = good, bad = bad, woe = woe)
}
empty <- function(...) data.frame(...)[0, ]
put(if (length(coefficients)) do.call(rbind, coefficients)
    else empty(model = 0, term = 0, coefficient = 0, standard_error = 0), "coefficients.csv")
put(if (length(fits)) do.call(rbind, fits) else empty(model = 0, deviance = 0, converged = 0), "fits.csv")
put(if (length(bins)) do.call(rbind, bins) else empty(classing = 0, bin = 0, good = 0, bad = 0, woe = 0), "bins.csv")
writeLines(c("version", paste(R.version$major, R.version$minor, sep = ".")), path("r.csv"))
